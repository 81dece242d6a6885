//! How far a rotation has come: what is left on each version.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/officer/rewrap`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewrapStatus {
    /// Versions of the tenant's key-encryption key.
    pub key_encryption: Vec<VersionCount>,
    /// Versions of each index key.
    pub index: Vec<IndexVersions>,
}

/// Subject keys under one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionCount {
    pub version: u32,
    #[schema(example = "deactivated")]
    pub state: String,
    pub subject_keys: u64,
}

/// Versions of one index key under which terms are searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndexVersions {
    pub register: String,
    pub field: String,
    pub kind: String,
    pub current: u32,
    pub live: Vec<u32>,
}

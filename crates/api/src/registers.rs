//! Registers, as `registry-svc` describes them, and how it stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rewrap::{IndexVersions, VersionCount};

/// `GET /v1/registers`. A single register is answered as its definition file stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RegisterList {
    pub registers: Vec<RegisterSummary>,
}

/// One register in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegisterSummary {
    #[schema(example = "individual")]
    pub register: String,
    pub title: String,
    /// Version of the definition.
    pub schema: u32,
    /// Records that are not erased.
    pub records: u64,
}

/// `GET /v1/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegistryStatus {
    /// The size of the log at the newest checkpoint that this registry checked.
    pub log_size: u64,
    pub key_encryption: Vec<VersionCount>,
    pub index: Vec<IndexVersions>,
    /// Index terms by the key version that they were made with.
    pub terms: Vec<TermCount>,
}

/// Terms of one index under one key version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TermCount {
    pub register: String,
    pub field: String,
    pub version: u32,
    pub terms: u64,
}

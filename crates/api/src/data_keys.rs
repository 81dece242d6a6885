//! Data keys for callers that encrypt by themselves.

use km_domain::KeyId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Base64Url, Plaintext};

/// `POST /v1/datakeys`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDataKey {
    /// An `encrypt` key, under which the data key is wrapped.
    #[schema(value_type = String, example = "payments")]
    pub key: KeyId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Base64Url>,
}

/// A data key in both forms: use and forget the one, keep the other.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DataKey {
    /// 32 bytes.
    pub plaintext: Plaintext,
    pub wrapped: Base64Url,
    pub version: u32,
}

/// `POST /v1/datakeys/unwrap`. The wrapped form names its key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnwrapDataKey {
    pub wrapped: Base64Url,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Base64Url>,
}

/// The answer to `unwrap`.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct UnwrappedDataKey {
    pub plaintext: Plaintext,
}

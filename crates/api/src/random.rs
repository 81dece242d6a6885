//! Random bytes from the token.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Plaintext;

/// `POST /v1/random`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomRequest {
    /// Bytes, 1 to 1024.
    #[schema(minimum = 1, maximum = 1024)]
    pub length: usize,
}

/// The answer. The bytes may become a key, so they are treated as a secret.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RandomBytes {
    pub bytes: Plaintext,
}

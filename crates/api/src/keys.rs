//! Keys: what they are, in which state, where each version lives; and the officers' calls that make and rotate them.

use km_domain::{KeyAlgorithm, KeyId, KeyPurpose, KeyState, Role, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/keys`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyList {
    pub keys: Vec<KeyDescription>,
}

/// One key, all its versions. `GET /v1/keys/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeyDescription {
    #[schema(value_type = String, example = "payments")]
    pub id: KeyId,
    #[schema(value_type = String, example = "encrypt")]
    pub purpose: KeyPurpose,
    #[schema(value_type = String, example = "AES-256")]
    pub algorithm: KeyAlgorithm,
    /// Of the current version, or of the newest where none is active.
    #[schema(value_type = String, example = "active")]
    pub state: KeyState,
    #[schema(value_type = String, format = "date-time")]
    pub created: Timestamp,
    /// Where the current version lives.
    pub residence: Residence,
    /// The version that protects; absent where none is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<u32>,
    /// Roles that may use the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub allow: Vec<Role>,
    pub versions: Vec<VersionDescription>,
}

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionDescription {
    pub version: u32,
    #[schema(value_type = String, example = "active")]
    pub state: KeyState,
    #[schema(value_type = String, format = "date-time")]
    pub created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub activated: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub deactivated: Option<Timestamp>,
    pub residence: Residence,
    /// `ID.VERSION`, the name in signatures and key sets.
    #[schema(example = "payments.1")]
    pub kid: String,
    /// Index of the log's event that recorded the making of this version.
    #[schema(example = 42)]
    pub born_at: u64,
    /// What proves that the key was made in the token and never left it in clear.
    pub proof_of_birth: String,
}

/// Where a version lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Residence {
    /// An object of the token.
    Resident,
    /// Wrapped under a root of the token, kept in the database.
    Wrapped,
}

/// `POST /v1/officer/keys`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// 1 to 64 characters of a-z, 0-9, '-' and '_', beginning with a letter.
    #[schema(value_type = String, example = "payments")]
    pub id: KeyId,
    /// `encrypt`, `sign`, `decrypt` or `mac`.
    #[schema(value_type = String, example = "encrypt")]
    pub purpose: KeyPurpose,
    #[schema(value_type = String, example = "AES-256")]
    pub algorithm: KeyAlgorithm,
    /// Roles that may use the key; nobody else can.
    #[schema(value_type = Vec<String>, example = json!(["sealkeep-backend"]))]
    pub allow: Vec<Role>,
}

/// `POST /v1/officer/keys/{id}/rotate`. No members.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {}

/// The answer to both.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyMade {
    #[schema(value_type = String)]
    pub id: KeyId,
    /// The version that protects from now on.
    pub version: u32,
}

/// `GET /.well-known/jwks.json`: public keys as JSON Web Keys (RFC 7517), with `x5c` where there is a certificate.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeySet {
    #[schema(value_type = Vec<Object>)]
    pub keys: Vec<serde_json::Value>,
}

//! Messages under a caller's key: encrypt, decrypt, rewrap, sign, verify, mac. Each call takes one item or `items`.

use km_domain::SignatureAlgorithm;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Base64Url, Plaintext};

/// `POST /v1/keys/{id}/encrypt`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Encrypt {
    pub plaintext: Plaintext,
    /// Additional authenticated data: must be given again to decrypt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Base64Url>,
}

/// The answer to `encrypt` and `rewrap`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Encrypted {
    pub ciphertext: Base64Url,
    /// The key version that it is under.
    pub version: u32,
}

/// `POST /v1/keys/{id}/decrypt`: what `encrypt` gave out, or RSAES-OAEP with SHA-256 under a `decrypt` key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decrypt {
    pub ciphertext: Base64Url,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Base64Url>,
}

/// The answer to `decrypt`.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Decrypted {
    pub plaintext: Plaintext,
}

/// `POST /v1/keys/{id}/rewrap`: the same message under the current version; the plaintext does not leave.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewrap {
    pub ciphertext: Base64Url,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Base64Url>,
}

/// `POST /v1/keys/{id}/sign`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    pub message: Plaintext,
    /// One that the key can make; the first of its kind if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "ES256")]
    pub algorithm: Option<SignatureAlgorithm>,
}

/// The answer to `sign`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signed {
    /// In JOSE form (RFC 7518, section 3): for ECDSA r and s of fixed length.
    pub signature: Base64Url,
    #[schema(value_type = String, example = "ES256")]
    pub algorithm: SignatureAlgorithm,
    /// `ID.VERSION`.
    pub kid: String,
}

/// `POST /v1/keys/{id}/verify`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    pub message: Plaintext,
    pub signature: Base64Url,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "ES256")]
    pub algorithm: Option<SignatureAlgorithm>,
    /// `ID.VERSION`; every version that may verify is tried if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

/// The answer to `verify`, and to `mac` with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verified {
    pub valid: bool,
}

/// `POST /v1/keys/{id}/mac`: makes a code, or checks the one given. The items of one call all do the same.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mac {
    pub message: Plaintext,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Base64Url>,
}

/// The answer to `mac` without a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MacMade {
    /// HMAC-SHA-256.
    pub mac: Base64Url,
    pub version: u32,
}

/// The answer to `mac`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum MacAnswer {
    Made(MacMade),
    Checked(Verified),
}

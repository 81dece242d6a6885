//! An existing MOSIP Keymanager moved in: officers' calls.

use km_domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Base64Url, mosip_trust::MosipTrusted};

/// The answer to `POST /v1/officer/mosip/transport-key`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TransportKey {
    /// A JSON Web Key (RFC 7517) with its `kid` and, in `x5c`, its certificate under the business root.
    #[schema(value_type = Object)]
    pub key: serde_json::Value,
    /// How an AES-256 key is encrypted to it: `RSA-OAEP` or `RSA-OAEP-256`.
    #[schema(example = "RSA-OAEP-256")]
    pub padding: String,
    /// How a key is wrapped with that AES key: `A256KWP` (RFC 5649) or `A256GCM` (nonce of 12 bytes in front, tag behind).
    #[schema(example = "A256KWP")]
    pub sealing: String,
}

/// `GET /v1/officer/mosip`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MosipInventory {
    pub aliases: Vec<MosipAlias>,
    pub policies: Vec<MosipPolicy>,
    pub authorities: Vec<MosipTrusted>,
    pub partners: Vec<MosipTrusted>,
    /// The key manager's own time.
    #[schema(value_type = String, format = "date-time")]
    pub now: Timestamp,
}

/// One version of a key of the dialect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MosipAlias {
    pub id: String,
    pub application: String,
    pub reference: String,
    /// `master`, `base`, `foreign` or `symmetric`.
    pub kind: String,
    #[schema(value_type = String, format = "date-time")]
    pub generated: Timestamp,
    #[schema(value_type = String, format = "date-time")]
    pub expires: Timestamp,
    /// SHA-256 of the certificate in upper-case hexadecimal; empty without one.
    pub thumbprint: String,
    /// Whether it is current, or is to come.
    pub serves: bool,
}

/// The policy of an application; also the body of `POST /v1/officer/mosip/policies`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MosipPolicy {
    pub application: String,
    /// Life of a new key in days.
    pub valid_days: u32,
    /// How many days before its end a key is no longer current.
    pub early_days: u32,
    pub is_active: bool,
    /// User names with commas between; `NA`: everybody; empty: nobody.
    pub access: String,
}

/// The answer to it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MosipPolicySet {
    /// False: it stood so already.
    pub changed: bool,
}

/// `POST /v1/officer/mosip/aliases`: an alias as its source has it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportAlias {
    pub id: String,
    pub application: String,
    pub reference: String,
    #[schema(value_type = String, format = "date-time")]
    pub generated: Timestamp,
    #[schema(value_type = String, format = "date-time")]
    pub expires: Timestamp,
    /// 40 hexadecimal digits; absent for a symmetric key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<String>,
    /// DER; absent for a symmetric key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Base64Url>,
    /// Absent for somebody else's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SealedKey>,
    /// Takes it in as ended: it decrypts and verifies only.
    #[serde(default)]
    pub ended: bool,
    /// Ids of aliases of the same name that are ended with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<String>,
}

/// A private key (PKCS#8) or an AES key (32 bytes), sealed to the transport key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
    /// `kid` of the transport key.
    pub transport: String,
    /// An AES-256 key, encrypted to it.
    pub carrier: Base64Url,
    /// The key, wrapped with that AES key.
    pub key: Base64Url,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AliasImported {
    pub id: String,
    pub outcome: AliasOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AliasOutcome {
    Imported,
    /// It was there, and ends earlier now.
    Shortened,
    /// It was there with another certificate, which stays beside it.
    Recertified,
    /// It was there.
    Unchanged,
}

/// `POST /v1/officer/mosip/aliases/{id}/prove`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProveAlias {
    /// A master key: 32 bytes. A base key: 32 bytes, encrypted to its certificate (RSA-OAEP, SHA-256). A symmetric key: a nonce of 12
    /// bytes, then 32 bytes encrypted with AES-256-GCM.
    pub challenge: Base64Url,
}

/// The key's answer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AliasProof {
    /// A signature over `\0sealkeep: key moved in\0` and the challenge; or the SHA-256 of `sealkeep: challenge opened\0` and what the
    /// challenge opened to.
    pub answer: Base64Url,
}

/// The answer to `POST /v1/officer/mosip/random-keys/transfer`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RandomKeyTransfer {
    /// PEM. Random keys are encrypted to it; it is good for a day.
    pub certificate: String,
}

/// `POST /v1/officer/mosip/random-keys`: random keys of `zkEncrypt` (`data_encrypt_keystore`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRandomKeys {
    /// 1 to 200.
    pub keys: Vec<ImportRandomKey>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRandomKey {
    /// Stands in every value that was sealed under it.
    pub number: i32,
    /// 32 bytes, encrypted to the transfer certificate (RSA-OAEP, SHA-256).
    pub key: Base64Url,
    /// Whether new values are sealed under it.
    pub seals: bool,
}

/// What became of each.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RandomKeysImported {
    pub keys: Vec<RandomKeyImported>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RandomKeyImported {
    pub number: i32,
    pub outcome: RandomKeyOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RandomKeyOutcome {
    Imported,
    /// This very key was there.
    Unchanged,
    /// Another key has the number.
    Differs,
    /// It did not open, or is no key of 32 bytes.
    Refused,
}

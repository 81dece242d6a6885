//! What a key is: its algorithm, its purpose, the name of one version.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::KeyId;

/// The kind of key material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    #[serde(rename = "AES-256")]
    Aes256,
    #[serde(rename = "HMAC-SHA-256")]
    HmacSha256,
    #[serde(rename = "RSA-2048")]
    Rsa2048,
    #[serde(rename = "RSA-3072")]
    Rsa3072,
    #[serde(rename = "RSA-4096")]
    Rsa4096,
    #[serde(rename = "P-256")]
    P256,
    #[serde(rename = "P-384")]
    P384,
    #[serde(rename = "secp256k1")]
    Secp256k1,
    #[serde(rename = "Ed25519")]
    Ed25519,
}

impl KeyAlgorithm {
    pub const ALL: [KeyAlgorithm; 9] = [
        Self::Aes256,
        Self::HmacSha256,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::P256,
        Self::P384,
        Self::Secp256k1,
        Self::Ed25519,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "AES-256",
            Self::HmacSha256 => "HMAC-SHA-256",
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
            Self::Rsa4096 => "RSA-4096",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::Secp256k1 => "secp256k1",
            Self::Ed25519 => "Ed25519",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Aes256 | Self::HmacSha256)
    }

    /// Signature algorithms that a key of this kind can make (RFC 7518, section 3.1; RFC 8037; RFC 8812).
    pub const fn signatures(self) -> &'static [SignatureAlgorithm] {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[SignatureAlgorithm::Rs256, SignatureAlgorithm::Ps256],
            Self::P256 => &[SignatureAlgorithm::Es256],
            Self::P384 => &[SignatureAlgorithm::Es384],
            Self::Secp256k1 => &[SignatureAlgorithm::Es256K],
            Self::Ed25519 => &[SignatureAlgorithm::EdDsa],
            Self::Aes256 | Self::HmacSha256 => &[],
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A signature algorithm, by its JOSE name (RFC 7518, RFC 8037, RFC 8812).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SignatureAlgorithm {
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "PS256")]
    Ps256,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "ES384")]
    Es384,
    #[serde(rename = "ES256K")]
    Es256K,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SignatureAlgorithm {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es256K => "ES256K",
            Self::EdDsa => "EdDSA",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Rs256, Self::Ps256, Self::Es256, Self::Es384, Self::Es256K, Self::EdDsa];
        all.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a key is for. It fixes which operations reach it: `encrypt`, `sign`, `decrypt` and `mac` keys are for callers,
/// every other purpose is reached by the one use case that needs it and by no general call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPurpose {
    /// Wraps key-encryption keys.
    DataRoot,
    /// Wraps private, index and caller keys.
    KeyRoot,
    /// Issues mTLS certificates.
    ServiceRoot,
    /// Issues evidence signers' certificates.
    EvidenceRoot,
    /// Issues certificates of keys that callers use.
    BusinessRoot,
    /// Signs exports and certificates of erasure.
    EvidenceSigner,
    /// Signs checkpoints of the log.
    Checkpoint,
    /// Authenticates rows that decide something.
    RowIntegrity,
    /// Wraps subject keys of a tenant.
    KeyEncryption,
    /// Makes index terms.
    Index,
    /// Clients encrypt to it.
    Ingest,
    /// Signs answers to readers.
    Answer,
    /// A caller's AES key.
    Encrypt,
    /// A caller's signing key.
    Sign,
    /// A caller's RSA decryption key.
    Decrypt,
    /// A caller's HMAC key.
    Mac,
    /// Keys made elsewhere are wrapped to it on their way into the token.
    Transport,
    /// A master key of the MOSIP dialect: signs messages for callers and issues the certificates below it.
    MosipMaster,
    /// A base key of the MOSIP dialect: callers encrypt to its certificate.
    MosipBase,
    /// A symmetric key of the MOSIP dialect.
    MosipSymmetric,
}

impl KeyPurpose {
    pub const ALL: [KeyPurpose; 20] = [
        Self::DataRoot,
        Self::KeyRoot,
        Self::ServiceRoot,
        Self::EvidenceRoot,
        Self::BusinessRoot,
        Self::EvidenceSigner,
        Self::Checkpoint,
        Self::RowIntegrity,
        Self::KeyEncryption,
        Self::Index,
        Self::Ingest,
        Self::Answer,
        Self::Encrypt,
        Self::Sign,
        Self::Decrypt,
        Self::Mac,
        Self::Transport,
        Self::MosipMaster,
        Self::MosipBase,
        Self::MosipSymmetric,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::DataRoot => "data-root",
            Self::KeyRoot => "key-root",
            Self::ServiceRoot => "service-root",
            Self::EvidenceRoot => "evidence-root",
            Self::BusinessRoot => "business-root",
            Self::EvidenceSigner => "evidence-signer",
            Self::Checkpoint => "checkpoint",
            Self::RowIntegrity => "row-integrity",
            Self::KeyEncryption => "key-encryption",
            Self::Index => "index",
            Self::Ingest => "ingest",
            Self::Answer => "answer",
            Self::Encrypt => "encrypt",
            Self::Sign => "sign",
            Self::Decrypt => "decrypt",
            Self::Mac => "mac",
            Self::Transport => "transport",
            Self::MosipMaster => "mosip-master",
            Self::MosipBase => "mosip-base",
            Self::MosipSymmetric => "mosip-symmetric",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// Whether callers may name such a key in a request.
    pub const fn is_for_callers(self) -> bool {
        matches!(self, Self::Encrypt | Self::Sign | Self::Decrypt | Self::Mac)
    }
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One version of one key; versions count from 1. As text, and as `kid`: `ID.VERSION`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyVersionRef {
    pub key: KeyId,
    pub version: u32,
}

impl fmt::Display for KeyVersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.version)
    }
}

impl KeyVersionRef {
    /// Reads `ID.VERSION`.
    pub fn parse(text: &str) -> Option<Self> {
        let (key, version) = text.rsplit_once('.')?;
        Some(Self { key: key.parse().ok()?, version: version.parse().ok().filter(|version| *version > 0)? })
    }
}

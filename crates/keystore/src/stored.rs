//! A long-lived key as the rest of the program holds it: a name and where its material lives, never the material.

use km_crypto::PublicKey;
use km_domain::{KeyAlgorithm, KeyVersionRef, SecretBytes};

/// Where a key's material lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Residence {
    /// An object in the token, named by its CKA_ID.
    Resident { object: Vec<u8> },
    /// A blob, wrapped under a root that is a token object; `mechanism` says how (RFC 3394 or RFC 5649).
    Wrapped { root: Vec<u8>, mechanism: String, blob: Vec<u8> },
}

/// One version of a long-lived key, ready to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    pub name: KeyVersionRef,
    pub algorithm: KeyAlgorithm,
    pub residence: Residence,
    pub public: Option<PublicKey>,
}

/// Where a new key shall live, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// A root wrapping key: a token object that wraps and unwraps only, and whose unwrapped keys are sensitive and cannot
    /// be extracted (CKA_UNWRAP_TEMPLATE).
    Root,
    /// A token object that is used directly, under this label.
    Resident { label: String },
    /// Generated in the token, wrapped under the root with this CKA_ID, and kept as a blob. `wraps`: the key is itself a
    /// key-encryption key for data keys (AES only).
    Wrapped { root: Vec<u8>, wraps: bool },
}

/// A newly generated key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    pub residence: Residence,
    pub public: Option<PublicKey>,
}

/// A new data key in both its forms.
pub struct WrappedDataKey {
    pub plain: SecretBytes,
    pub wrapped: Vec<u8>,
}

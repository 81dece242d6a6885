//! Formats joined with keys: the one place where a JWE, a JWS, a COSE value, a CMS signature or one of the MOSIP dialect's layouts
//! meets the key that opens, signs or seals it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod cms;
mod content_key;
pub mod cose;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod mosip;
pub mod pdf;
#[cfg(test)]
mod python_tests;
#[cfg(test)]
mod software_store;

use km_crypto::Unspecified;
use km_formats::FormatError;
use km_keystore::KeyStoreError;

/// Why an envelope was not opened, sealed or signed, by what the caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The envelope does not open or verify with this key, or the key cannot make it. Says nothing about why.
    #[error("the envelope was refused")]
    Refused,
    /// The token cannot be used now; try again later.
    #[error("the token is not available: {0}")]
    Unavailable(String),
    /// This token cannot do this; the text names the capability.
    #[error("this token cannot do {0}")]
    Unsupported(String),
}

impl From<KeyStoreError> for EnvelopeError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::Refused => Self::Refused,
            KeyStoreError::Unavailable(reason) => Self::Unavailable(reason),
            KeyStoreError::Unsupported(capability) => Self::Unsupported(capability),
            // Whoever sends an envelope does not choose the key object: a missing one is the store's trouble, not
            // theirs.
            KeyStoreError::NotFound => Self::Unavailable("the key is not in the store".to_owned()),
        }
    }
}

impl From<Unspecified> for EnvelopeError {
    fn from(_: Unspecified) -> Self {
        Self::Refused
    }
}

impl From<FormatError> for EnvelopeError {
    fn from(_: FormatError) -> Self {
        Self::Refused
    }
}

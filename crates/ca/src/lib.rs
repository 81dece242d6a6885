//! Certificates made: roots, certificates of services, signers and callers' keys, revocation lists. Every issuing key
//! lives behind `keystore`; rcgen lays out the bytes and the store signs them.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod issue;
mod lint;
pub mod mosip;
pub mod profile;
pub mod revocation;
pub mod root;
mod secp256k1;
#[cfg(test)]
mod software;
#[cfg(test)]
mod tests;
mod token_key;

pub use issue::{Issuer, issue};
pub use profile::Profile;
pub use revocation::{Reason, Revocation, revocation_list};
pub use root::{RootKind, self_signed_root};
pub use token_key::TokenKey;

use km_keystore::KeyStoreError;
use km_x509::X509Error;

/// Why no certificate was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaError {
    /// The token did not sign.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    /// The key cannot issue, or cannot be certified.
    #[error("the key cannot be used: {0}")]
    Key(&'static str),
    /// The wish breaks a rule of the profile or of the issuer.
    #[error("the certificate is refused: {0}")]
    Refused(&'static str),
    /// What was laid out is not what the profile says: a fault of ours or of a library; nothing was handed out.
    #[error("the certificate made does not match its profile: {0}")]
    Lint(&'static str),
    /// The certificate made does not read or does not verify under its issuer.
    #[error("the certificate made is not valid: {0}")]
    Certificate(#[from] X509Error),
}

//! Primitives with public or short-lived keys. Long-lived keys live behind `keystore`; everything else with keys is
//! here. Every primitive comes from ring, aws-lc-rs or, where they have it not, a RustCrypto library; this crate gives them our
//! types and our errors.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod aead;
pub mod agreement;
pub mod argon2;
pub mod constant_time;
pub mod der;
pub mod digest;
pub mod ecb;
pub mod ecdsa;
pub mod gcm;
pub mod hkdf;
pub mod jose;
pub mod oaep;
pub mod pbkdf2;
pub mod pem;
pub mod public_key;
pub mod random;
pub mod rsa_private;
pub mod signing;
mod spki;
#[cfg(test)]
mod test_vectors;
pub mod transport;

pub use public_key::PublicKey;
pub use signing::SoftwareKey;

/// A primitive refused its input. Says nothing about why, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic operation failed")]
pub struct Unspecified;

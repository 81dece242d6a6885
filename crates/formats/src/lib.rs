//! Bytes turned into parts and parts into bytes: JOSE, COSE, CMS, PDF, the MOSIP dialect and strict JSON. Knows no keys: it says what is to be
//! signed and what the additional authenticated data is, and never signs, never decrypts. Every parser takes bytes from
//! strangers: it is bounded, it never panics, and it refuses what the product does not use.

#![deny(clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod base64url;
pub mod cbor;
pub mod cms;
pub mod cose;
pub mod json;
pub mod jwe;
pub mod jwk;
pub mod jws;
mod members;
pub mod mosip;
pub mod pdf;

/// Why bytes were refused: which part broke which rule. Never contains a value, which may be secret or personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{part} must be {rule}")]
pub struct FormatError {
    pub part: &'static str,
    pub rule: &'static str,
}

impl FormatError {
    pub const fn new(part: &'static str, rule: &'static str) -> Self {
        Self { part, rule }
    }
}

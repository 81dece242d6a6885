//! The MOSIP dialect's layouts joined with keys.

pub mod argon2;
pub mod client_crypto;
pub mod cose;
#[cfg(test)]
mod fixture;
pub mod identifiers;
pub mod jwe;
pub mod jws;
#[cfg(test)]
mod other_programs_tests;
pub mod payload;
pub mod pin;
pub mod private_key;
pub mod raw_signature;
pub mod token_id;
pub mod zk;

//! A field's value sealed and opened under a person's subject key.

use km_crypto::{aead, hkdf};
use km_domain::SecretBytes;
use km_formats::cose::{SealedValue, enc_structure};

use crate::EnvelopeError;

/// Seals one value. `kid` names the subject key and its version, `aad` is [`km_formats::cose::record_aad`] of the
/// value's place, `iv` is random. Refused: a subject key that is not 32 bytes long, a value too long to be read back.
pub fn seal_field(
    subject_key: &SecretBytes,
    kid: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    iv: &[u8; 12],
) -> Result<Vec<u8>, EnvelopeError> {
    let key = value_key(subject_key, aad)?;
    let sealed = aead::seal(key.expose(), iv, &enc_structure(kid, aad), plaintext)?;
    Ok(SealedValue { kid: kid.to_vec(), iv: *iv, sealed }.encode()?)
}

/// Opens what [`seal_field`] made. Refused, always with the same error: another key, key id or place, any changed bit,
/// any form but the one that is written.
pub fn open_field(
    subject_key: &SecretBytes,
    kid: &[u8],
    aad: &[u8],
    stored: &[u8],
) -> Result<SecretBytes, EnvelopeError> {
    let value = SealedValue::decode(stored)?;
    if value.kid != kid {
        return Err(EnvelopeError::Refused);
    }
    let key = value_key(subject_key, aad)?;
    Ok(aead::open(key.expose(), &value.iv, &enc_structure(kid, aad), &value.sealed)?)
}

/// One key per value: HKDF-SHA-256 of the subject key, without salt, the place as info. So a nonce can never meet the
/// same key twice by being random for two values, and no value opens in another's place.
fn value_key(subject_key: &SecretBytes, aad: &[u8]) -> Result<SecretBytes, EnvelopeError> {
    if subject_key.len() != 32 {
        return Err(EnvelopeError::Refused);
    }
    Ok(hkdf::derive_32(subject_key.expose(), b"", &[aad]))
}

#[cfg(test)]
#[path = "cose_tests.rs"]
mod tests;

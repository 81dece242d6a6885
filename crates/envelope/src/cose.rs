//! A field's value sealed and opened under a person's subject key.

use km_crypto::{aead, hkdf};
use km_domain::SecretBytes;
use km_formats::cose::{SealedValue, enc_structure};

use crate::EnvelopeError;

/// A subject key, ready to give each value of the record a key of its own.
pub struct SubjectKey(hkdf::Secret);

impl SubjectKey {
    /// Refused: a key that is not 32 bytes long.
    pub fn new(subject_key: &SecretBytes) -> Result<Self, EnvelopeError> {
        if subject_key.len() != 32 {
            return Err(EnvelopeError::Refused);
        }
        Ok(Self(hkdf::Secret::extract(subject_key.expose(), b"")))
    }

    /// Seals one value. `kid` names the subject key and its version, `aad` is [`km_formats::cose::record_aad`] of the
    /// value's place, `iv` is random. Refused: a value too long to be read back.
    pub fn seal_field(
        &self,
        kid: &[u8],
        aad: &[u8],
        plaintext: &[u8],
        iv: &[u8; 12],
    ) -> Result<Vec<u8>, EnvelopeError> {
        let key = self.value_key(aad);
        let sealed = aead::seal(key.expose(), iv, &enc_structure(kid, aad), plaintext)?;
        Ok(SealedValue { kid, iv: *iv, sealed: &sealed }.encode()?)
    }

    /// Opens what [`Self::seal_field`] made. Refused, always with the same error: another key, key id or place, any changed
    /// bit, any form but the one that is written.
    pub fn open_field(&self, kid: &[u8], aad: &[u8], stored: &[u8]) -> Result<SecretBytes, EnvelopeError> {
        let value = SealedValue::decode(stored)?;
        if value.kid != kid {
            return Err(EnvelopeError::Refused);
        }
        Ok(aead::open(self.value_key(aad).expose(), &value.iv, &enc_structure(kid, aad), value.sealed)?)
    }

    /// One key per value: HKDF-SHA-256 of the subject key, without salt, the place as info. So a nonce can never meet the
    /// same key twice by being random for two values, and no value opens in another's place.
    fn value_key(&self, aad: &[u8]) -> SecretBytes {
        self.0.expand_32(&[aad])
    }
}

#[cfg(test)]
#[path = "cose_tests.rs"]
mod tests;

//! Content keys that were encrypted to an RSA key of the store.

use km_crypto::{gcm, random};
use km_domain::{KeyAlgorithm, SecretBytes};
use km_formats::mosip::gcm::GcmParts;
use km_keystore::{Decrypt, KeyStoreError, StoredKey};

use crate::EnvelopeError;

pub const LENGTH: usize = 32;

/// A new one.
pub fn random_content_key() -> SecretBytes {
    SecretBytes::new(random::bytes::<LENGTH>().to_vec())
}

/// Opens what was sealed with AES-256-GCM under a content key that was encrypted to this key. Refused, always in the same way: another
/// key, wrong padding, a changed bit; and at once what [`decrypt_or_substitute`] refuses so.
pub fn open<S: Decrypt + ?Sized>(
    encrypted: &[u8],
    parts: &GcmParts<'_>,
    key: &StoredKey,
    store: &S,
) -> Result<SecretBytes, EnvelopeError> {
    let content_key = decrypt_or_substitute(encrypted, key, store)?;
    Ok(gcm::open(content_key.expose(), parts.iv, parts.aad, parts.sealed)?)
}

/// The content key; or, where the padding or its length is wrong, a random one, so that the message fails later and in one way only
/// (RFC 7516, section 11.5). Refused at once: a ciphertext of another length than the key's modulus, which anyone can see.
pub fn decrypt_or_substitute<S: Decrypt + ?Sized>(
    encrypted: &[u8],
    key: &StoredKey,
    store: &S,
) -> Result<SecretBytes, EnvelopeError> {
    if modulus_bytes(key.algorithm) != Some(encrypted.len()) {
        return Err(EnvelopeError::Refused);
    }
    let substitute = random_content_key();
    match store.decrypt_oaep_sha256(key, encrypted) {
        Ok(content_key) if content_key.len() == LENGTH => Ok(content_key),
        Ok(_) | Err(KeyStoreError::Refused) => Ok(substitute),
        Err(error) => Err(error.into()),
    }
}

fn modulus_bytes(algorithm: KeyAlgorithm) -> Option<usize> {
    match algorithm {
        KeyAlgorithm::Rsa2048 => Some(256),
        KeyAlgorithm::Rsa3072 => Some(384),
        KeyAlgorithm::Rsa4096 => Some(512),
        _ => None,
    }
}

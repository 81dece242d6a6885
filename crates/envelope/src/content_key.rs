//! Content keys that were encrypted to an RSA key of the store.

use km_crypto::random;
use km_domain::{KeyAlgorithm, SecretBytes};
use km_keystore::{Decrypt, KeyStoreError, StoredKey};

use crate::EnvelopeError;

pub const LENGTH: usize = 32;

/// A new one.
pub fn random_content_key() -> SecretBytes {
    SecretBytes::new(random::bytes::<LENGTH>().to_vec())
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

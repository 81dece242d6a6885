//! `/tpmencrypt` and `/tpmdecrypt`.

use km_crypto::{PublicKey, gcm, gcm::OneTimeKey, oaep, random};
use km_domain::SecretBytes;
use km_formats::mosip::client_crypto::{ClientEnvelope, to_bytes};
use km_keystore::{Decrypt, StoredKey};

use crate::{EnvelopeError, content_key::decrypt_or_substitute};

/// How a client's machine decrypts: always OAEP with SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Masked with SHA-256 too.
    Sha256,
    /// The same with a label of one zero byte, at which a TPM's empty text ends (TCG, TPM 2.0 Library, part 1, section B.4).
    Tpm,
    /// Masked with SHA-1, as Android's key store has it.
    MaskedWithSha1,
}

/// Seals bytes to a client's RSA key of 2048 bits. Refused: another key, nothing to seal.
pub fn seal(client: &PublicKey, padding: Padding, plaintext: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    if plaintext.is_empty() || client.bits() != 2048 {
        return Err(EnvelopeError::Refused);
    }
    let key = OneTimeKey::generate();
    let wrapped = match padding {
        Padding::Sha256 => oaep::encrypt_sha256(client, key.expose()),
        Padding::Tpm => oaep::encrypt_sha256_labelled(client, &[0], key.expose()),
        Padding::MaskedWithSha1 => oaep::encrypt_sha256_masked_with_sha1(client, key.expose()),
    }?;
    let (nonce, aad) = (random::bytes(), random::bytes());
    let mut bytes = to_bytes(&wrapped, &nonce, &aad, plaintext);
    let start = bytes.len().saturating_sub(plaintext.len());
    key.seal(&nonce, &aad, &mut bytes, start)?;
    Ok(bytes)
}

/// Opens what a client sealed, of today's form or of that of old clients. Refused, always in the same way: another key, a changed bit.
pub fn open<S: Decrypt + ?Sized>(
    envelope: &ClientEnvelope<'_>,
    key: &StoredKey,
    store: &S,
) -> Result<SecretBytes, EnvelopeError> {
    let content_key = decrypt_or_substitute(envelope.wrapped_key, key, store)?;
    let readings = envelope.current.into_iter().chain([envelope.old]);
    readings
        .filter_map(|parts| gcm::open(content_key.expose(), parts.iv, parts.aad, parts.sealed).ok())
        .next()
        .ok_or(EnvelopeError::Refused)
}

#[cfg(test)]
mod tests {
    use km_domain::KeyAlgorithm;

    use super::*;
    use crate::{
        mosip::fixture::{self, bytes},
        software_store::SoftwareStore,
    };

    fn opened(data: &[u8], store: &SoftwareStore) -> Result<Vec<u8>, EnvelopeError> {
        open(&ClientEnvelope::parse(data)?, &store.stored(), store).map(|text| text.expose().to_vec())
    }

    #[test]
    fn what_another_program_sealed_is_opened() {
        let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/client_crypto.json"));
        let store = fixture::store(&fixture);
        for case in fixture::cases(&fixture) {
            assert_eq!(opened(&bytes(case, "data"), &store).unwrap(), bytes(case, "plaintext"), "{case}");
        }
    }

    #[test]
    fn changed_ones_are_refused() {
        let store = SoftwareStore::rsa_of_wycheproof();
        let data = seal(&store.public(), Padding::Sha256, b"text").unwrap();
        assert_eq!(opened(&data, &store).unwrap(), b"text");
        for bit in (0..256 * 8).step_by(211).chain(256 * 8..data.len() * 8) {
            let mut changed = data.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(opened(&changed, &store), Err(EnvelopeError::Refused), "bit {bit}");
        }
        assert!(seal(&store.public(), Padding::Sha256, b"").is_err());
        assert!(seal(&SoftwareStore::generate(KeyAlgorithm::P256).public(), Padding::Sha256, b"x").is_err());
    }
}

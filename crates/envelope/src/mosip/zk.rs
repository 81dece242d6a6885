//! `/zkEncrypt` and `/zkDecrypt`: an attribute under a key derived from a random key and the record's id. The id is all that ties the
//! value to its record.

use km_crypto::{aead, digest::sha256, ecb, oaep, random};
use km_domain::{SecretBytes, SecretText};
use km_formats::mosip::zk::{RandomKeyPart, ZkValue};
use km_keystore::{Decrypt, StoredKey};

use crate::{EnvelopeError, content_key, mosip::payload::Certified};

/// The key of a record's values.
pub struct RecordKey(SecretBytes);

impl RecordKey {
    /// AES-256-ECB of the id's SHA-256 under one of the random keys. Refused: a key that is not 32 bytes long.
    pub fn derive(random_key: &SecretBytes, id: &SecretText) -> Result<Self, EnvelopeError> {
        Ok(Self(ecb::encrypt_32(random_key, &sha256(id.expose().as_bytes()))?))
    }

    /// Seals a value under a random nonce. `index` says which random key the record's key comes from.
    pub fn seal(&self, index: i32, plaintext: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        let (nonce, aad) = (random::bytes(), random::bytes());
        let sealed = aead::seal(self.0.expose(), &nonce, &aad, plaintext)?;
        Ok(ZkValue { index, nonce: &nonce, aad: &aad, sealed: &sealed }.to_bytes())
    }

    /// Opens a value. Refused, always in the same way: another key or id, a changed bit but those of the index.
    pub fn open(&self, value: &ZkValue<'_>) -> Result<SecretBytes, EnvelopeError> {
        Ok(aead::open(self.0.expose(), value.nonce, value.aad, value.sealed)?)
    }
}

/// A random key encrypted to a certificate, as a part of `encryptedRandomKey`. Refused: a key that is not RSA or not of good size.
pub fn seal_random_key(random_key: &SecretBytes, recipient: &Certified) -> Result<RandomKeyPart, EnvelopeError> {
    let wrapped_key = oaep::encrypt_sha256(&recipient.public, random_key.expose())?;
    Ok(RandomKeyPart { thumbprint: recipient.thumbprint, wrapped_key })
}

/// The random key in a part, with the key of the certificate that the part names. Refused, always in the same way: another key, wrong
/// padding, a key that is not 32 bytes long.
pub fn open_random_key<S: Decrypt + ?Sized>(
    part: &RandomKeyPart,
    key: &StoredKey,
    store: &S,
) -> Result<SecretBytes, EnvelopeError> {
    let random_key = store.decrypt_oaep_sha256(key, &part.wrapped_key)?;
    if random_key.len() == content_key::LENGTH { Ok(random_key) } else { Err(EnvelopeError::Refused) }
}

#[cfg(test)]
mod tests {
    use km_formats::{
        base64url,
        mosip::{
            identifiers::from_hex,
            zk::{parse_random_key, random_key_text},
        },
    };

    use super::*;
    use crate::mosip::fixture::{self, bytes, number, optional, secret, text};

    fn record_key(random_key: &[u8], id: &str) -> RecordKey {
        RecordKey::derive(&SecretBytes::new(random_key.to_vec()), &SecretText::new(id.to_owned())).unwrap()
    }

    #[test]
    fn the_specifications_vector() {
        let random_key: Vec<u8> = (0..32).collect();
        let key = record_key(&random_key, "1234567890");
        let derived = from_hex("727e179463f87355aac22dd3e8bfabb53291a06d76d4ca0a8b05b016d36ad835").unwrap();
        assert!(key.0.expose() == derived);
        let value = "AAAAKgABAgMEBQYHCAkKCxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vZix8TFK8frATCq70Pr7IC4xCNHSH";
        let value = base64url::decode_strict(value).unwrap();
        assert!(key.open(&ZkValue::parse(&value).unwrap()).unwrap().expose() == b"hello");
    }

    #[test]
    fn what_another_program_sealed_is_opened() {
        let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/zk.json"));
        let store = fixture::store(&fixture);
        for case in fixture::cases(&fixture) {
            let wrapped = bytes(case, "wrapped_random_key").try_into().unwrap();
            let random_key = ecb::decrypt_32(&secret(case, "master"), &wrapped).unwrap();
            assert!(random_key.expose() == bytes(case, "random_key"));
            let (value, key) = (bytes(case, "value"), record_key(random_key.expose(), text(case, "id")));
            let value = ZkValue::parse(&value).unwrap();
            assert_eq!(u64::try_from(value.index).unwrap(), number(case, "index"));
            assert!(key.open(&value).unwrap().expose() == text(case, "text").as_bytes());

            let parts = parse_random_key(text(case, "encrypted_random_key")).unwrap();
            assert_eq!(parts.len(), 2);
            let ours =
                parts.iter().find(|part| Some(part.thumbprint.to_vec()) == optional(case, "thumbprint")).unwrap();
            assert!(open_random_key(ours, &store.stored(), &store).unwrap().expose() == random_key.expose());
            assert_eq!(open_random_key(&parts[0], &store.stored(), &store).err(), Some(EnvelopeError::Refused));
        }
    }

    #[test]
    fn values_come_back_and_changed_ones_do_not() {
        let key = record_key(&[7; 32], "id");
        let bytes = key.seal(-5, b"value").unwrap();
        assert_ne!(bytes, key.seal(-5, b"value").unwrap());
        assert!(key.open(&ZkValue::parse(&bytes).unwrap()).unwrap().expose() == b"value");
        for bit in 32..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let opened = key.open(&ZkValue::parse(&changed).unwrap());
            assert_eq!(opened.err(), Some(EnvelopeError::Refused), "bit {bit}");
        }
        for other in [record_key(&[8; 32], "id"), record_key(&[7; 32], "ie")] {
            assert!(other.open(&ZkValue::parse(&bytes).unwrap()).is_err());
        }
    }

    #[test]
    fn random_keys_come_back() {
        let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/zk.json"));
        let store = fixture::store(&fixture);
        let recipient = Certified { public: store.public(), thumbprint: [9; 32] };
        let part = seal_random_key(&SecretBytes::new(vec![5; 32]), &recipient).unwrap();
        let parts = parse_random_key(&random_key_text(&[part])).unwrap();
        assert!(open_random_key(&parts[0], &store.stored(), &store).unwrap().expose() == [5; 32]);
        let short = seal_random_key(&SecretBytes::new(vec![5; 16]), &recipient).unwrap();
        assert_eq!(open_random_key(&short, &store.stored(), &store).err(), Some(EnvelopeError::Refused));
    }
}

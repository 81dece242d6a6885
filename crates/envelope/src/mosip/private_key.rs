//! Private keys of an old database, opened with the master key that wrapped them.

use km_domain::SecretBytes;
use km_formats::mosip::private_key::parts;
use km_keystore::{Decrypt, StoredKey};

use crate::{EnvelopeError, content_key};

/// The PKCS#8 document in a wrapped private key's bytes. Refused, always in the same way: another master key, a changed bit.
pub fn open<S: Decrypt + ?Sized>(bytes: &[u8], master: &StoredKey, store: &S) -> Result<SecretBytes, EnvelopeError> {
    let (wrapped, parts) = parts(bytes)?;
    content_key::open(wrapped, &parts, master, store)
}

#[cfg(test)]
mod tests {
    use km_formats::mosip::private_key::PrivateKeyColumn;

    use super::*;
    use crate::mosip::fixture::{self, bytes, text};

    #[test]
    fn what_another_program_wrapped_is_opened() {
        let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/private_key.json"));
        let store = fixture::store(&fixture);
        let PrivateKeyColumn::Sealed(sealed) = PrivateKeyColumn::parse(text(&fixture, "column")).unwrap() else {
            panic!("a wrapped key")
        };
        assert!(open(&sealed, &store.stored(), &store).unwrap().expose() == bytes(&fixture, "pkcs8"));
        for place in [0, 255, 300, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(open(&changed, &store.stored(), &store).err(), Some(EnvelopeError::Refused), "byte {place}");
        }
    }
}

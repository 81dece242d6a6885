//! `/jwtEncrypt` and `/jwtDecrypt`.

use km_crypto::{
    gcm::{OneTimeKey, TAG_LENGTH},
    oaep, random,
};
use km_domain::SecretBytes;
use km_formats::mosip::{
    deflate,
    jwe::{Header, ParsedJwe, compact},
};
use km_keystore::{Decrypt, StoredKey};
use zeroize::Zeroizing;

use crate::{EnvelopeError, content_key, mosip::payload::Certified};

/// Seals a text where it stands to a certificate's RSA key and returns the compact form; the header's thumbprint is set here.
/// Refused: a key that is not RSA or not of good size.
pub fn seal(recipient: &Certified, header: &Header<'_>, mut text: Zeroizing<Vec<u8>>) -> Result<String, EnvelopeError> {
    let header = Header { thumbprint: recipient.thumbprint, ..header.clone() };
    let key = OneTimeKey::generate();
    let wrapped = oaep::encrypt_sha256(&recipient.public, key.expose())?;
    let (protected, iv) = (header.protected(), random::bytes());
    if header.compressed {
        text = Zeroizing::new(deflate::compress(&text));
    }
    text.reserve_exact(TAG_LENGTH);
    key.seal(&iv, protected.as_bytes(), &mut text, 0)?;
    Ok(compact(&protected, &wrapped, &iv, &text)?)
}

/// Opens a message with the key that its `kid` names. `most` is how many bytes a compressed text may become.
///
/// Refused, always in the same way: another key, a changed bit, a compressed text that is broken or becomes too long.
pub fn open<S: Decrypt + ?Sized>(
    message: &ParsedJwe,
    key: &StoredKey,
    store: &S,
    most: usize,
) -> Result<SecretBytes, EnvelopeError> {
    let opened = content_key::open(&message.wrapped_key, &message.parts()?, key, store)?;
    // Only what is authentic is expanded.
    if message.compressed { Ok(SecretBytes::new(deflate::expand(opened.expose(), most)?)) } else { Ok(opened) }
}

#[cfg(test)]
mod tests {
    use km_domain::KeyAlgorithm;

    use super::*;
    use crate::{
        mosip::fixture::{self, bytes, text},
        software_store::SoftwareStore,
    };

    fn certified(store: &SoftwareStore) -> Certified {
        Certified { public: store.public(), thumbprint: [3; 32] }
    }

    fn opened(token: &str, store: &SoftwareStore, most: usize) -> Result<Vec<u8>, EnvelopeError> {
        open(&ParsedJwe::parse(token)?, &store.stored(), store, most).map(|text| text.expose().to_vec())
    }

    #[test]
    fn what_another_program_sealed_is_opened() {
        let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/messages.json"));
        let store = fixture::store(&fixture);
        for case in fixture::cases(&fixture) {
            assert_eq!(opened(text(case, "token"), &store, 1 << 20), Ok(bytes(case, "plaintext")));
        }
        let bomb = text(&fixture, "bomb");
        assert!(bomb.len() < 100_000);
        assert_eq!(opened(bomb, &store, 1 << 20), Err(EnvelopeError::Refused), "64 MiB in 64 KiB");
        assert_eq!(opened(bomb, &store, 64 << 20).map(|text| text.len()), Ok(64 << 20));
    }

    #[test]
    fn what_is_sealed_is_opened() {
        let store = SoftwareStore::rsa_of_wycheproof();
        for compressed in [false, true] {
            let header = Header { compressed, ..Header::default() };
            for text in [&b""[..], b"{}", &[b'x'; 5000]] {
                let token = seal(&certified(&store), &header, text.to_vec().into()).unwrap();
                assert_eq!(opened(&token, &store, 5000).unwrap(), text);
                assert!(token.len() < 1000 || !compressed, "it was not compressed");
            }
        }
        let curve = Certified { public: SoftwareStore::generate(KeyAlgorithm::P256).public(), thumbprint: [0; 32] };
        assert_eq!(seal(&curve, &Header::default(), b"{}".to_vec().into()), Err(EnvelopeError::Refused));
    }

    #[test]
    fn changed_messages_are_refused() {
        let store = SoftwareStore::rsa_of_wycheproof();
        let token =
            seal(&certified(&store), &Header { compressed: true, ..Header::default() }, b"{}".to_vec().into()).unwrap();
        // Each part at its first, a middle and its last character.
        let mut start = 0;
        for part in token.split('.') {
            for at in [start, start + part.len() / 2, start + part.len() - 1] {
                for bit in [0, 1, 3] {
                    let mut changed = token.clone().into_bytes();
                    changed[at] ^= 1 << bit;
                    let changed = String::from_utf8(changed).unwrap();
                    assert_eq!(opened(&changed, &store, 99), Err(EnvelopeError::Refused), "character {at}");
                }
            }
            start += part.len() + 1;
        }
    }
}

use std::sync::atomic::Ordering;

use km_formats::{base64url, jwe::parse};
use km_keystore::KeyStoreError;

use super::*;
use crate::software_store::SoftwareStore;

fn rsa_store() -> SoftwareStore {
    SoftwareStore::rsa_of_wycheproof()
}

fn recipient(store: &SoftwareStore) -> Recipient {
    Recipient { kid: "ingest.1".to_owned(), public: store.public() }
}

fn labels() -> Labels {
    let record = "0190a5b1-7c3e-7d4f-8a1b-2c3d4e5f6071".parse().unwrap();
    Labels::around_jws("sealkeep-record+jwe").for_record("individual".parse().unwrap(), record)
}

fn open_text(compact: &str, store: &SoftwareStore) -> Result<Vec<u8>, EnvelopeError> {
    let parsed = parse(compact).map_err(|_| EnvelopeError::Refused)?;
    open(&parsed, &store.stored(), store).map(|opened| opened.expose().to_vec())
}

#[test]
fn what_is_sealed_opens_with_its_key_only() {
    for (store, other) in [
        (SoftwareStore::generate(KeyAlgorithm::P256), SoftwareStore::generate(KeyAlgorithm::P256)),
        (rsa_store(), SoftwareStore::generate(KeyAlgorithm::P256)),
    ] {
        let compact = seal_to(&recipient(&store), &labels(), b"message").unwrap();
        let parsed = parse(&compact).unwrap();
        assert_eq!(parsed.header.kid.as_deref(), Some("ingest.1"));
        assert_eq!((parsed.header.typ, parsed.header.cty), (labels().typ, labels().cty));
        assert_eq!((parsed.header.register, parsed.header.record), (labels().register, labels().record));
        assert_eq!(open_text(&compact, &store).unwrap(), b"message");
        assert_eq!(open_text(&compact, &other), Err(EnvelopeError::Refused));
        assert_ne!(seal_to(&recipient(&store), &labels(), b"message").unwrap(), compact);
    }
}

#[test]
fn only_keys_that_can_open() {
    for public in [SoftwareStore::generate(KeyAlgorithm::Ed25519).public(), PublicKey::P256(vec![4; 65])] {
        let recipient = Recipient { kid: "k".to_owned(), public };
        assert_eq!(seal_to(&recipient, &labels(), b""), Err(EnvelopeError::Refused));
    }
    let store = SoftwareStore::generate(KeyAlgorithm::P256);
    let mut jwk = crate::jwk::to_jwk(&store.public()).unwrap();
    assert!(Recipient::from_jwk(&jwk).is_err(), "no kid");
    jwk.kid = Some("ingest.1".to_owned());
    jwk.usage = Some("enc".to_owned());
    assert_eq!(Recipient::from_jwk(&jwk), Ok(recipient(&store)));
    jwk.usage = Some("sig".to_owned());
    assert!(Recipient::from_jwk(&jwk).is_err());
}

#[test]
fn every_changed_character_is_refused() {
    let store = SoftwareStore::generate(KeyAlgorithm::P256);
    let compact = seal_to(&recipient(&store), &labels(), b"{}").unwrap();
    for at in 0..compact.len() {
        for bit in 0..7 {
            let mut changed = compact.clone().into_bytes();
            changed[at] ^= 1 << bit;
            let text = String::from_utf8(changed).unwrap();
            assert_eq!(open_text(&text, &store), Err(EnvelopeError::Refused), "character {at}, bit {bit}");
        }
    }
}

#[test]
fn a_point_off_the_curve_never_reaches_the_store() {
    let store = SoftwareStore::generate(KeyAlgorithm::P256);
    let compact = seal_to(&recipient(&store), &labels(), b"message").unwrap();
    let mut parsed = parse(&compact).unwrap();
    let KeyManagement::EcdhEs { epk, .. } = &mut parsed.header.management else { panic!("another alg") };
    epk[64] ^= 1;
    assert_eq!(open(&parsed, &store.stored(), &store).err(), Some(EnvelopeError::Refused));
    assert_eq!(store.calls.load(Ordering::SeqCst), 0);
    let rsa = rsa_store();
    assert_eq!(open(&parsed, &rsa.stored(), &rsa).err(), Some(EnvelopeError::Refused));
    assert_eq!(rsa.calls.load(Ordering::SeqCst), 0, "an RSA key agrees on nothing");
}

#[test]
fn bad_padding_fails_where_a_bad_tag_fails() {
    let store = rsa_store();
    let compact = seal_to(&recipient(&store), &labels(), b"message").unwrap();
    let mut bad_padding = parse(&compact).unwrap();
    bad_padding.encrypted_key[200] ^= 1;
    let mut bad_tag = parse(&compact).unwrap();
    *bad_tag.sealed.last_mut().unwrap() ^= 1;
    // A content key of 16 bytes, well encrypted.
    let mut short_key = parse(&compact).unwrap();
    short_key.encrypted_key = oaep::encrypt_sha256(&store.public(), &[1; 16]).unwrap();
    for bad in [bad_padding, bad_tag, short_key] {
        assert_eq!(open(&bad, &store.stored(), &store).err(), Some(EnvelopeError::Refused));
    }
    let mut wrong_length = parse(&compact).unwrap();
    wrong_length.encrypted_key.push(0);
    assert_eq!(open(&wrong_length, &store.stored(), &store).err(), Some(EnvelopeError::Refused));
}

#[test]
fn a_store_in_trouble_is_not_a_bad_message() {
    for (make, sealed_by) in [(rsa_store as fn() -> SoftwareStore, rsa_store()), (p256, p256())] {
        let compact = seal_to(&recipient(&sealed_by), &labels(), b"message").unwrap();
        let broken = |error| make().broken(error);
        let unavailable = broken(KeyStoreError::Unavailable("gone".to_owned()));
        assert_eq!(open_text(&compact, &unavailable), Err(EnvelopeError::Unavailable("gone".to_owned())));
        let unsupported = broken(KeyStoreError::Unsupported("this".to_owned()));
        assert_eq!(open_text(&compact, &unsupported), Err(EnvelopeError::Unsupported("this".to_owned())));
        assert_eq!(open_text(&compact, &broken(KeyStoreError::Refused)), Err(EnvelopeError::Refused));
    }
}

fn p256() -> SoftwareStore {
    SoftwareStore::generate(KeyAlgorithm::P256)
}

#[test]
fn what_both_parties_say_of_themselves_is_in_the_key() {
    // RFC 7518, appendix C: Bob's key agrees with Alice's ephemeral key. The example derives 16 bytes.
    let bob = SoftwareStore::p256(&base64url::decode_strict("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw").unwrap());
    let alice = ["gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0", "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"];
    let [x, y] = alice.map(|text| base64url::decode_strict(text).unwrap());
    let epk: [u8; 65] = [vec![4], x, y].concat().try_into().unwrap();
    let secret = bob.agree(&bob.stored(), &epk).unwrap();
    let example = concat_kdf_sha256(secret.expose(), "A128GCM", b"Alice", b"Bob", 16).unwrap();
    assert_eq!(base64url::encode(example.expose()), "VqqN6vgjbSBcIijNcacQGg");

    // The same parties with our content encryption: the message opens; with another party it does not.
    let sealed_for = |apv: &[u8]| {
        let management = KeyManagement::EcdhEs { epk, apu: Some(b"Alice".to_vec()), apv: Some(apv.to_vec()) };
        let header = Header { management, kid: None, typ: None, cty: None, register: None, record: None };
        let key = concat_kdf_sha256(secret.expose(), "A256GCM", b"Alice", b"Bob", 32).unwrap();
        let aad = protected(&header);
        compact(&aad, &[], &[1; 12], &aead::seal(key.expose(), &[1; 12], aad.as_bytes(), b"text").unwrap()).unwrap()
    };
    assert_eq!(open_text(&sealed_for(b"Bob"), &bob).unwrap(), b"text");
    assert_eq!(open_text(&sealed_for(b"Mallory"), &bob), Err(EnvelopeError::Refused));
}

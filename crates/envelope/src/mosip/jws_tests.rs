use km_domain::KeyAlgorithm;
use km_formats::base64url;
use km_keystore::KeyStoreError;
use serde_json::Value;

use super::*;
use crate::{
    mosip::fixture::{self, bytes, text},
    software_store::SoftwareStore,
};

const PAYLOAD: &[u8] = br#"{"iss":"me"}"#;

fn public(store: &SoftwareStore) -> VerifyingKey {
    VerifyingKey::from_spki_der(&store.public().to_spki_der()).unwrap()
}

fn check(token: &str, actual: Option<&str>, key: &VerifyingKey) -> Result<bool, EnvelopeError> {
    let split = SplitJws::parse(token)?;
    let header = ParsedHeader::parse(split.protected)?;
    verify(&split, &header, actual.map(Payload::Text), key)
}

#[test]
fn what_another_program_signed_verifies() {
    let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/signatures.json"));
    let mut algorithms = std::collections::BTreeSet::new();
    for case in fixture::cases(&fixture) {
        let key = VerifyingKey::from_spki_der(&bytes(case, "spki")).unwrap();
        let token = text(case, "token");
        let actual = case["detached"].as_bool().unwrap().then(|| base64url::encode(bytes(case, "payload")));
        assert_eq!(check(token, actual.as_deref(), &key), Ok(true), "{case}");
        assert_eq!(check(token, Some("b3RoZXI"), &key), Ok(false), "another payload: {case}");
        let header = ParsedHeader::parse(SplitJws::parse(token).unwrap().protected).unwrap();
        let chain: Vec<Value> = header
            .certificates
            .iter()
            .map(|der| Value::from(base64url::encode(der).replace('-', "+").replace('_', "/")))
            .collect();
        let expected: Vec<Value> = case["chain"]
            .as_array()
            .unwrap()
            .iter()
            .map(|der| Value::from(der.as_str().unwrap().trim_end_matches('=')))
            .collect();
        assert_eq!((chain, header.key_id()), (expected, Some("a-kid")));
        algorithms.insert(text(case, "alg").to_owned());
    }
    assert_eq!(algorithms.len(), JoseAlgorithm::ALL.len(), "{algorithms:?}");
}

#[test]
fn what_is_signed_verifies_in_every_form() {
    let text = base64url::encode(PAYLOAD);
    for (store, algorithm) in fixture::signers() {
        for unencoded in [false, true] {
            let header = Header { unencoded, kid: Some("kid"), thumbprint: Some([1; 32]), ..Header::default() };
            for include in [false, true] {
                let token = sign(&store, &store.stored(), algorithm, &header, text.as_str(), include).unwrap();
                let parts: Vec<&str> = token.split('.').collect();
                assert_eq!((parts.len(), parts[1]), (3, if include { text.as_str() } else { "" }));
                let token = sign(&store, &store.stored(), algorithm, &header, PAYLOAD, include).unwrap();
                assert_eq!(token.split('.').nth(1), Some(parts[1]), "the bytes stand for the text");
                assert_eq!(check(&token, Some(&text), &public(&store)), Ok(true), "{algorithm} {unencoded}");
                assert_eq!(check(&token, None, &public(&store)), Ok(include), "{algorithm} {unencoded}");
                assert_eq!(check(&token, Some("b3RoZXI"), &public(&store)), Ok(false));
            }
        }
    }
}

#[test]
fn the_bytes_that_are_signed_are_those_that_were_given() {
    // Not UTF-8: the dialect's own server would sign something else.
    let binary: Vec<u8> = (0..=255).collect();
    let store = SoftwareStore::generate(KeyAlgorithm::P256);
    let header = Header { unencoded: true, ..Header::default() };
    let token = sign(&store, &store.stored(), SignatureAlgorithm::Es256, &header, &binary[..], false).unwrap();
    let split = SplitJws::parse(&token).unwrap();
    let input = [split.protected.as_bytes(), b".", &binary].concat();
    public(&store).verify(JoseAlgorithm::Es256, &input, &split.signature).unwrap();
    // A padded text is signed as it stands.
    let token = sign(&store, &store.stored(), SignatureAlgorithm::Es256, &Header::default(), "e30=", true).unwrap();
    assert!(token.contains(".e30=.") && check(&token, None, &public(&store)) == Ok(true));
    assert_eq!(check(&token, Some("e30"), &public(&store)), Ok(false), "another spelling is another text");
}

#[test]
fn every_changed_character_is_refused() {
    let store = SoftwareStore::generate(KeyAlgorithm::Ed25519);
    for unencoded in [false, true] {
        let header = Header { unencoded, kid: Some("k"), ..Header::default() };
        let token = sign(&store, &store.stored(), SignatureAlgorithm::EdDsa, &header, "eyJhIjoxfQ", true).unwrap();
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut changed = token.clone().into_bytes();
                changed[at] ^= 1 << bit;
                let changed = String::from_utf8(changed).unwrap();
                // In an unencoded payload + and -, / and _ spell the same bytes.
                assert_ne!(check(&changed, None, &public(&store)), Ok(true), "character {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn keys_that_do_not_fit() {
    let rsa = SoftwareStore::rsa_of_wycheproof();
    let curve = SoftwareStore::generate(KeyAlgorithm::P256);
    let bare = Header::default();
    let of_curve = sign(&curve, &curve.stored(), SignatureAlgorithm::Es256, &bare, "e30", true).unwrap();
    assert_eq!(check(&of_curve, None, &public(&rsa)), Err(EnvelopeError::Refused), "a key of another kind");
    let other = SoftwareStore::generate(KeyAlgorithm::P256);
    assert_eq!(check(&of_curve, None, &public(&other)), Ok(false), "another key of the kind");
    for name in ["none", "HS256", "RS1", ""] {
        let protected = Header { algorithm: name, ..Header::default() }.protected();
        let token = compact(&protected, Some(Payload::Text("e30")), &[1; 64]);
        assert_eq!(check(&token, None, &public(&curve)), Err(EnvelopeError::Refused), "{name}");
    }
    for (store, algorithm) in [(&rsa, SignatureAlgorithm::Es256), (&curve, SignatureAlgorithm::Rs256)] {
        let signed = sign(store, &store.stored(), algorithm, &bare, "e30", true);
        assert_eq!(signed, Err(EnvelopeError::Refused));
    }
    let unencoded = Header { unencoded: true, ..Header::default() };
    let signed = sign(&curve, &curve.stored(), SignatureAlgorithm::Es256, &unencoded, "no base64!", true);
    assert_eq!(signed, Err(EnvelopeError::Refused));
    let away = SoftwareStore::generate(KeyAlgorithm::P256).broken(KeyStoreError::Unavailable("away".into()));
    let signed = sign(&away, &away.stored(), SignatureAlgorithm::Es256, &bare, "e30", true);
    assert_eq!(signed, Err(EnvelopeError::Unavailable("away".into())));
}

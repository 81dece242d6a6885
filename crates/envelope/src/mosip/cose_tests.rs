use km_domain::KeyAlgorithm;
use km_formats::mosip::{cose::Signer, cwt, identifiers::from_hex};
use serde_json::{Map, json};

use super::*;
use crate::{
    mosip::fixture::{self, bytes, text},
    software_store::SoftwareStore,
};

fn public(store: &SoftwareStore) -> VerifyingKey {
    VerifyingKey::from_spki_der(&store.public().to_spki_der()).unwrap()
}

fn headers(algorithm: SignatureAlgorithm) -> Headers {
    let signer = Signer { algorithm: algorithm.name(), certificates: &[], thumbprint: [1; 32], kid: "a-kid" };
    let unprotected = Map::from_iter([("kid".to_owned(), json!(""))]);
    Headers::new(&signer, &Map::new(), &unprotected).unwrap()
}

#[test]
fn what_another_program_signed_verifies() {
    let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/cose.json"));
    let mut algorithms = std::collections::BTreeSet::new();
    for case in fixture::cases(&fixture) {
        let key = VerifyingKey::from_spki_der(&bytes(case, "spki")).unwrap();
        let data = from_hex(text(case, "message")).unwrap();
        let tagged = case["cwt"].as_bool().unwrap();
        let message = if tagged { cwt::unwrap(&data) } else { ParsedSign1::parse(&data) }.unwrap();
        assert_eq!(message.algorithm, Some(text(case, "alg")));
        assert_eq!(verify1(&message, &key), Ok(true), "{case}");
        assert_eq!(message.payload, bytes(case, "payload"));
        assert_eq!(message.kid.as_deref(), Some(&b"a-kid"[..]));
        let mut changed = message;
        changed.payload = b"other".to_vec();
        assert_eq!(verify1(&changed, &key), Ok(false));
        algorithms.insert(text(case, "alg").to_owned());
    }
    assert_eq!(algorithms.len(), JoseAlgorithm::ALL.len(), "{algorithms:?}");
}

/// The COSE working group's examples of COSE_Sign1 (github.com/cose-wg/Examples).
#[test]
fn the_working_groups_examples() {
    let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/cose-wg.json"));
    let mut verified = 0;
    for case in fixture::cases(&fixture) {
        let key = VerifyingKey::from_spki_der(&bytes(case, "spki")).ok();
        let message = ParsedSign1::parse(&from_hex(text(case, "message")).unwrap()).ok();
        let good = message.zip(key).and_then(|(message, key)| verify1(&message, &key).ok()) == Some(true);
        assert_eq!(good, case["valid"].as_bool().unwrap(), "{}", text(case, "title"));
        verified += usize::from(good);
    }
    assert!(verified >= 4, "only {verified}");
}

#[test]
fn what_is_signed_verifies_and_every_changed_bit_is_refused() {
    let stores = [
        (SoftwareStore::rsa_of_wycheproof(), SignatureAlgorithm::Rs256),
        (SoftwareStore::rsa_of_wycheproof(), SignatureAlgorithm::Ps256),
        (SoftwareStore::generate(KeyAlgorithm::P256), SignatureAlgorithm::Es256),
        (SoftwareStore::generate(KeyAlgorithm::Ed25519), SignatureAlgorithm::EdDsa),
    ];
    for (store, algorithm) in stores {
        let data = sign1(&store, &store.stored(), algorithm, &headers(algorithm), b"\xff\x00payload").unwrap();
        let message = ParsedSign1::parse(&data).unwrap();
        assert_eq!(verify1(&message, &public(&store)), Ok(true), "{algorithm}");
        let token = cwt::wrap(&data).unwrap();
        assert_eq!(cwt::unwrap(&token), Ok(message.clone()));
        for bit in 0..data.len() * 8 {
            let mut changed = data.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(other) = ParsedSign1::parse(&changed) else { continue };
            // The unprotected header is not signed: that is what its name says.
            let same = (&other.payload, &other.signature, other.to_be_signed())
                == (&message.payload, &message.signature, message.to_be_signed());
            assert!(same || verify1(&other, &public(&store)) != Ok(true), "{algorithm}, bit {bit}");
        }
    }
}

#[test]
fn keys_that_do_not_fit() {
    let (rsa, curve) = (SoftwareStore::rsa_of_wycheproof(), SoftwareStore::generate(KeyAlgorithm::P256));
    let of_curve = headers(SignatureAlgorithm::Es256);
    let wrong = [
        sign1(&rsa, &rsa.stored(), SignatureAlgorithm::Es256, &of_curve, b"x"),
        sign1(&rsa, &rsa.stored(), SignatureAlgorithm::Rs256, &of_curve, b"x"),
        sign1(&curve, &curve.stored(), SignatureAlgorithm::Es256, &headers(SignatureAlgorithm::Ps256), b"x"),
    ];
    assert!(wrong.iter().all(|signed| *signed == Err(EnvelopeError::Refused)));
    let data = sign1(&curve, &curve.stored(), SignatureAlgorithm::Es256, &of_curve, b"x").unwrap();
    let message = ParsedSign1::parse(&data).unwrap();
    assert_eq!(verify1(&message, &public(&rsa)), Err(EnvelopeError::Refused));
    assert_eq!(verify1(&message, &public(&SoftwareStore::generate(KeyAlgorithm::P256))), Ok(false));
    let mut nameless = message;
    nameless.algorithm = None;
    assert_eq!(verify1(&nameless, &public(&curve)), Err(EnvelopeError::Refused));
}

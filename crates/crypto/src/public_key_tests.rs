use km_domain::{KeyAlgorithm, SignatureAlgorithm};

use super::*;
use crate::{SoftwareKey, agreement::EphemeralKey, test_vectors::hex};

#[test]
fn spki_comes_back_and_matches_other_tools() {
    // Written by OpenSSL 3: `openssl pkey -pubout -outform DER`.
    let ed25519 = hex("302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let key = PublicKey::from_spki_der(&ed25519).unwrap();
    assert_eq!(key.to_spki_der(), ed25519);
    assert_eq!(key.bits(), 256);

    let point = EphemeralKey::generate().unwrap().public().to_vec();
    let header = hex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
    let spki = [header, point.clone()].concat();
    assert_eq!(PublicKey::from_spki_der(&spki).unwrap(), PublicKey::P256(point));
}

#[test]
fn strict_about_spki() {
    let point = EphemeralKey::generate().unwrap().public().to_vec();
    let good = PublicKey::P256(point.clone()).to_spki_der();
    let mut off_curve = good.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    let mut unused_bits = good.clone();
    unused_bits[25] = 1;
    let mut other_curve = good.clone();
    other_curve[22] = 6;
    let trailing = [good.as_slice(), &[0]].concat();
    let as_p384 = PublicKey::P384(point).to_spki_der();
    for bad in [off_curve, unused_bits, other_curve, trailing, as_p384, vec![]] {
        assert!(PublicKey::from_spki_der(&bad).is_err());
    }
    for end in 0..good.len() {
        assert!(PublicKey::from_spki_der(&good[..end]).is_err());
    }
}

#[test]
fn rsa_sizes_and_exponents() {
    let rsa =
        |length: usize, exponent: &[u8]| PublicKey::Rsa { modulus: vec![0xff; length], exponent: exponent.to_vec() };
    for good in [rsa(256, &[1, 0, 1]), rsa(384, &[3]), rsa(1024, &[1, 0, 1])] {
        assert_eq!(PublicKey::from_spki_der(&good.to_spki_der()), Ok(good));
    }
    let even = PublicKey::Rsa { modulus: vec![0xfe; 256], exponent: vec![1, 0, 1] };
    let bad = [rsa(255, &[3]), rsa(1025, &[3]), rsa(256, &[1]), rsa(256, &[2]), rsa(256, &[]), rsa(256, &[1; 6]), even];
    for bad in bad {
        assert!(bad.check().is_err() && PublicKey::from_spki_der(&bad.to_spki_der()).is_err());
    }
    assert_eq!(rsa(256, &[3]).bits(), 2048);
}

#[test]
fn a_signature_holds_for_its_key_kind_only() {
    let key = SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap();
    let signature = key.sign(SignatureAlgorithm::EdDsa, b"message").unwrap();
    key.public().verify(SignatureAlgorithm::EdDsa, b"message", &signature).unwrap();
    for algorithm in [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256, SignatureAlgorithm::Es384] {
        assert!(key.public().verify(algorithm, b"message", &signature).is_err());
    }
    for bit in 0..signature.len() * 8 {
        let mut changed = signature.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(key.public().verify(SignatureAlgorithm::EdDsa, b"message", &changed).is_err());
    }
}

#[test]
fn every_rsa_and_p384_signature_of_the_library_verifies() {
    use aws_lc_rs::{
        encoding::{AsDer, PublicKeyX509Der},
        rand::SystemRandom,
        rsa, signature,
    };
    let random = SystemRandom::new();
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let spki: PublicKeyX509Der = signature::KeyPair::public_key(&pair).as_der().unwrap();
    let public = PublicKey::from_spki_der(spki.as_ref()).unwrap();
    assert_eq!((public.to_spki_der().as_slice(), public.bits()), (spki.as_ref(), 2048));
    let mut bytes = vec![0; 256];
    pair.sign(&signature::RSA_PKCS1_SHA256, &random, b"message", &mut bytes).unwrap();
    public.verify(SignatureAlgorithm::Rs256, b"message", &bytes).unwrap();
    assert!(public.verify(SignatureAlgorithm::Ps256, b"message", &bytes).is_err());
    pair.sign(&signature::RSA_PSS_SHA256, &random, b"message", &mut bytes).unwrap();
    public.verify(SignatureAlgorithm::Ps256, b"message", &bytes).unwrap();
    assert!(public.verify(SignatureAlgorithm::Rs256, b"message", &bytes).is_err());

    let pair = signature::EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let public = PublicKey::P384(signature::KeyPair::public_key(&pair).as_ref().to_vec());
    assert_eq!(PublicKey::from_spki_der(&public.to_spki_der()), Ok(public.clone()));
    let signed = pair.sign(&random, b"message").unwrap();
    public.verify(SignatureAlgorithm::Es384, b"message", signed.as_ref()).unwrap();
    let der = crate::ecdsa::ecdsa_der(signed.as_ref());
    assert_eq!(crate::ecdsa::ecdsa_fixed(&der, 48).unwrap(), signed.as_ref());
}

//! Vectors of Project Wycheproof against the public face of this crate; each file of `vectors/` says where it comes
//! from.

#![allow(clippy::unwrap_used, clippy::panic)]

use km_crypto::{PublicKey, SoftwareKey, agreement::on_curve_p256, ecdsa, oaep};
use km_domain::SignatureAlgorithm;

/// The words of each line that is not a comment.
fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(' ').collect())
}

fn hex(text: &str) -> Vec<u8> {
    let text = if text == "empty" { "" } else { text };
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

#[test]
fn oaep_blocks() {
    let mut opened = 0;
    for words in lines(include_str!("../vectors/wycheproof_oaep_blocks.txt")) {
        let [test, block, message] = words.try_into().unwrap();
        let result = oaep::unpad_sha256(&hex(block)).ok().map(|message| message.expose().to_vec());
        let expected = (message != "-").then(|| hex(message));
        assert!(result == expected, "test {test}");
        opened += usize::from(result.is_some());
    }
    assert!(opened >= 10);
}

#[test]
fn ecdh_points() {
    let mut agreed = 0;
    for words in lines(include_str!("../vectors/wycheproof_ecdh_p256.txt")) {
        let [test, point, private, secret] = words.try_into().unwrap();
        let point = hex(point);
        let result = private_key(&hex(private)).agree(&point).ok().map(|secret| secret.expose().to_vec());
        let expected = (secret != "-").then(|| hex(secret));
        assert!(result == expected, "test {test}");
        assert_eq!(on_curve_p256(&point), result.is_some(), "test {test}");
        agreed += usize::from(result.is_some());
    }
    assert!(agreed >= 100);
}

/// PKCS#8 around the shortest ECPrivateKey (RFC 5915).
fn private_key(number: &[u8]) -> SoftwareKey {
    let prefix = "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420";
    SoftwareKey::from_pkcs8(&[hex(prefix), number.to_vec()].concat()).unwrap()
}

#[test]
fn ecdsa_signatures_in_der() {
    let (mut key, mut verified) = (PublicKey::P256(Vec::new()), 0);
    for words in lines(include_str!("../vectors/wycheproof_ecdsa_p256.txt")) {
        match words.as_slice() {
            [point] => key = PublicKey::P256(hex(point)),
            [test, message, signature, result] => {
                let fixed = ecdsa::ecdsa_fixed(&hex(signature), 32);
                let good =
                    fixed.is_ok_and(|fixed| key.verify(SignatureAlgorithm::Es256, &hex(message), &fixed).is_ok());
                assert_eq!(good, *result == "valid", "test {test}");
                verified += usize::from(good);
            }
            _ => panic!("a line of another shape"),
        }
    }
    assert!(verified >= 5);
}

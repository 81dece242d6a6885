use km_crypto::SoftwareKey;
use km_domain::KeyAlgorithm;

use super::*;

#[test]
fn published_thumbprints() {
    // RFC 7638, section 3.1.
    let rsa = br#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"}"#;
    let key = from_jwk(&Jwk::parse(rsa).unwrap()).unwrap();
    assert_eq!(thumbprint(&key).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    // RFC 8037, appendix A.3.
    let ed25519 = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key = from_jwk(&Jwk::parse(ed25519).unwrap()).unwrap();
    assert_eq!(thumbprint(&key).unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn keys_come_back() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Ed25519] {
        let key = SoftwareKey::generate(algorithm).unwrap().public().clone();
        assert_eq!(from_jwk(&to_jwk(&key).unwrap()), Ok(key));
    }
    // The base point of P-384 (SEC 2, section 2.5.1).
    let base = r#"{"kty":"EC","crv":"P-384","x":"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3","y":"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"}"#;
    let jwk = Jwk::parse(base.as_bytes()).unwrap();
    assert_eq!(to_jwk(&from_jwk(&jwk).unwrap()).unwrap(), jwk);
}

#[test]
fn keys_that_are_not_valid_are_refused() {
    let off_curve = Jwk::bare(KeyParts::P256 { x: [1; 32], y: [1; 32] });
    let small = Jwk::bare(KeyParts::Rsa { n: vec![0xff; 128], e: vec![1, 0, 1] });
    let even = Jwk::bare(KeyParts::Rsa { n: vec![0xfe; 256], e: vec![1, 0, 1] });
    for jwk in [off_curve, small, even] {
        assert_eq!(from_jwk(&jwk), Err(EnvelopeError::Refused));
    }
    for key in [
        PublicKey::P256(vec![4; 64]),
        PublicKey::P256(vec![2; 65]),
        PublicKey::P384(vec![4; 65]),
        PublicKey::Ed25519(vec![1; 31]),
    ] {
        assert!(to_jwk(&key).is_err() && thumbprint(&key).is_err());
    }
}

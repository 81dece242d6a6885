use km_domain::KeyAlgorithm;
use km_formats::{jwk::Jwk, jws::parse};
use km_keystore::KeyStoreError;

use super::*;
use crate::{jwk::from_jwk, software_store::SoftwareStore};

#[test]
fn what_is_signed_verifies_with_its_key_only() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Ed25519] {
        let store = SoftwareStore::generate(algorithm);
        let compact = sign(&store, &store.stored(), "answer.1", "sealkeep-answer+jws", b"payload").unwrap();
        let jws = parse(&compact).unwrap();
        assert!(jws.payload.expose() == b"payload" && jws.header.kid.as_deref() == Some("answer.1"));
        jws.expect_typ("sealkeep-answer+jws").unwrap();
        assert_eq!(verify(&jws, &store.public()), Ok(()));
        for other in [KeyAlgorithm::P256, KeyAlgorithm::Ed25519] {
            assert_eq!(verify(&jws, &SoftwareStore::generate(other).public()), Err(EnvelopeError::Refused));
        }
    }
}

#[test]
fn every_changed_character_is_refused() {
    let store = SoftwareStore::generate(KeyAlgorithm::P256);
    let compact = sign(&store, &store.stored(), "k.1", "t", b"{}").unwrap();
    for at in 0..compact.len() {
        for bit in 0..7 {
            let mut changed = compact.clone().into_bytes();
            changed[at] ^= 1 << bit;
            let accepted = parse(&changed).is_ok_and(|jws| verify(&jws, &store.public()).is_ok());
            assert!(!accepted, "character {at}, bit {bit}");
        }
    }
}

#[test]
fn keys_that_cannot_sign() {
    let store = SoftwareStore::generate(KeyAlgorithm::P256);
    let symmetric = StoredKey { algorithm: KeyAlgorithm::HmacSha256, ..store.stored() };
    assert_eq!(sign(&store, &symmetric, "k", "t", b""), Err(EnvelopeError::Refused));
    for (error, expected) in [
        (KeyStoreError::Unavailable("x".into()), EnvelopeError::Unavailable("x".into())),
        (KeyStoreError::Unsupported("y".into()), EnvelopeError::Unsupported("y".into())),
        (KeyStoreError::NotFound, EnvelopeError::Unavailable("the key is not in the store".into())),
    ] {
        let store = SoftwareStore::generate(KeyAlgorithm::P256).broken(error);
        assert_eq!(sign(&store, &store.stored(), "k", "t", b""), Err(expected));
    }
}

#[test]
fn published_signatures() {
    let cases = [
        // RFC 7515, appendix A.3.
        (
            r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        // RFC 8037, appendix A.4.
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
        // RFC 7520, section 4.1: the others of its examples are of algorithms that are not used here (PS384, ES512, HS256, A128CBC, RSA-OAEP
        // with SHA-1 and the like).
        (
            r#"{"kty":"RSA","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB"}"#,
            "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
        ),
    ];
    for (key, compact) in cases {
        let key = from_jwk(&Jwk::parse(key.as_bytes()).unwrap()).unwrap();
        assert_eq!(verify(&parse(compact).unwrap(), &key), Ok(()));
    }
}

use proptest::prelude::*;

use super::*;

#[test]
fn rfc_7638_section_3_1() {
    let jwk = Jwk::parse(
        br#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
    )
    .unwrap();
    assert_eq!((jwk.alg.as_deref(), jwk.kid.as_deref(), &jwk.usage), (Some("RS256"), Some("2011-04-29"), &None));
    assert!(jwk.key.thumbprint_input().starts_with(r#"{"e":"AQAB","kty":"RSA","n":"0vx7ag"#));
    assert!(jwk.key.thumbprint_input().ends_with(r#"KnqDKgw"}"#));
}

#[test]
fn rfc_8037_appendix_a() {
    let jwk =
        Jwk::parse(br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#).unwrap();
    assert_eq!(
        jwk.key.thumbprint_input(),
        r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    );
}

#[test]
fn what_is_written_is_read() {
    let keys = [
        KeyParts::P256 { x: [1; 32], y: [2; 32] },
        KeyParts::P384 { x: [3; 48], y: [4; 48] },
        KeyParts::Ed25519 { x: [5; 32] },
        KeyParts::Rsa { n: vec![6; 256], e: vec![1, 0, 1] },
    ];
    let keys = keys.map(|key| Jwk {
        kid: Some("answer.1".to_owned()),
        usage: Some("sig".to_owned()),
        alg: Some("ES256".to_owned()),
        x5c: vec![vec![0x30, 0xff, 0xfe], vec![0x30]],
        ..Jwk::bare(key)
    });
    let set = JwkSet { keys: keys.to_vec() };
    assert_eq!(JwkSet::parse(set.to_value().to_string().as_bytes()).unwrap(), set);
    assert_eq!(set.find("answer.1"), Some(&keys[0]));
    assert_eq!(set.find("answer.2"), None);
    assert!(
        set.to_value().to_string().contains(r#""x5c":["MP/+","MA=="]"#),
        "certificates are in base64, not base64url"
    );
}

#[test]
fn keys_that_are_not_ours_are_refused() {
    let x32 = base64url::encode([1; 32]);
    for text in [
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x32}","y":"{x32}","d":"{x32}"}}"#),
        format!(r#"{{"kty":"oct","k":"{x32}"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-521","x":"{x32}","y":"{x32}"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x32}"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x32}","x":"{x32}","y":"{x32}"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x32}=","y":"{x32}"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-384","x":"{x32}","y":"{x32}"}}"#),
        format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x32}"}}"#),
        format!(r#"{{"kty":"RSA","n":"{x32}"}}"#),
        r#"{"kty":"RSA","n":"AAAA","e":"AQAB"}"#.to_owned(),
        format!(r#"{{"kty":"RSA","n":"{x32}","e":"AQAB","crv":"P-256"}}"#),
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x32}","x5c":"MA=="}}"#),
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x32}","x5c":["M"]}}"#),
        "[]".to_owned(),
        "{}".to_owned(),
    ] {
        assert!(Jwk::parse(text.as_bytes()).is_err(), "accepted {text}");
    }
}

#[test]
fn a_set_passes_over_strangers_but_not_over_private_keys() {
    let good = Jwk::bare(KeyParts::Ed25519 { x: [5; 32] }).to_value();
    let stranger = json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" });
    let set = JwkSet::parse(json!({ "keys": [stranger, good], "other": 1 }).to_string().as_bytes()).unwrap();
    assert_eq!(set.keys.len(), 1);

    let private = json!({ "kty": "oct", "k": "AAAA" });
    assert!(JwkSet::parse(json!({ "keys": [good, private] }).to_string().as_bytes()).is_err());
    assert!(JwkSet::parse(b"{}").is_err());
    let many = vec![json!({}); MAX_KEYS + 1];
    assert!(JwkSet::parse(json!({ "keys": many }).to_string().as_bytes()).is_err());
}

proptest! {
    #[test]
    fn never_panics(text in r#"\{("(kty|crv|x|y|n|e|x5c)":("EC"|"RSA"|"P-256"|"AQAB"|\[\]|1),?){0,5}\}"#) {
        let _ = Jwk::parse(text.as_bytes());
        let _ = JwkSet::parse(format!(r#"{{"keys":[{text}]}}"#).as_bytes());
    }
}

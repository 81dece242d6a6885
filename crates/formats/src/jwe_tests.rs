use proptest::prelude::*;

use super::*;

const EPK: &str = r#"{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0","y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}"#;

/// A JWE with this header; the rest is only shaped like one.
fn with_header(header: &str, key: &[u8]) -> String {
    let [header, key] = [header.as_bytes(), key].map(base64url::encode);
    format!(
        "{header}.{key}.{}.{}.{}",
        base64url::encode([1; 12]),
        base64url::encode("text"),
        base64url::encode([2; 16])
    )
}

fn agreed(more: &str) -> String {
    with_header(&format!(r#"{{"alg":"ECDH-ES","enc":"A256GCM","kid":"ingest.1","epk":{EPK}{more}}}"#), b"")
}

#[test]
fn what_is_written_is_read() {
    let record = "0190a5b1-7c3e-7d4f-8a1b-2c3d4e5f6071".parse().unwrap();
    let (mut epk, party) = ([9; 65], Some(b"Alice".to_vec()));
    epk[0] = 4;
    let headers = [
        Header {
            management: KeyManagement::EcdhEs { epk, apu: party, apv: None },
            kid: Some("ingest.1".to_owned()),
            typ: Some("sealkeep-record+jwe".to_owned()),
            cty: Some("JWT".to_owned()),
            register: Some("individual".parse().unwrap()),
            record: Some(record),
        },
        Header { management: KeyManagement::RsaOaep256, kid: None, typ: None, cty: None, register: None, record: None },
    ];
    for (header, key) in headers.into_iter().zip([0, 256]) {
        let aad = protected(&header);
        let text = compact(&aad, &vec![3; key], &[1; 12], &[5; 30]).unwrap();
        let read = parse(&text).unwrap();
        let expected = ParsedJwe { header, encrypted_key: vec![3; key], iv: [1; 12], sealed: vec![5; 30], aad };
        assert_eq!(read, expected);
    }
    assert!(compact("e30", &[], &[1; 12], &[5; 15]).is_err());
}

#[test]
fn a_header_by_another_writer_is_read() {
    // The header of RFC 7518, appendix C, with our enc; its epk, apu and apv.
    let jwe = parse(agreed(r#","apu":"QWxpY2U","apv":"Qm9i""#)).unwrap();
    let KeyManagement::EcdhEs { epk, apu, apv } = jwe.header.management else { panic!("another alg") };
    assert_eq!((apu.as_deref(), apv.as_deref()), (Some(b"Alice".as_slice()), Some(b"Bob".as_slice())));
    assert_eq!((epk[0], epk[1], epk[33], epk[64]), (4, 0x80, 0x48, 0x9b));
}

#[test]
fn other_algorithms_are_refused() {
    let algorithms =
        ["RSA1_5", "RSA-OAEP", "dir", "ECDH-ES+A256KW", "A256KW", "PBES2-HS256+A128KW", "none", "ecdh-es", ""];
    for alg in algorithms {
        for key in [0, 256] {
            let header = format!(r#"{{"alg":"{alg}","enc":"A256GCM","kid":"a"}}"#);
            assert!(parse(with_header(&header, &vec![0; key])).is_err(), "accepted {alg}");
        }
    }
    for enc in ["A128GCM", "A256CBC-HS512", "none", ""] {
        let header = format!(r#"{{"alg":"RSA-OAEP-256","enc":"{enc}","kid":"a"}}"#);
        assert!(parse(with_header(&header, &[0; 256])).is_err(), "accepted {enc}");
    }
    assert!(parse(with_header(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"a"}"#, &[0; 256])).is_ok());
}

#[test]
fn header_members_that_are_not_ours_are_refused() {
    assert!(parse(agreed("")).is_ok());
    for more in [
        r#","crit":["exp"]"#,
        r#","zip":"DEF""#,
        r#","p2c":1000"#,
        r#","p2s":"AA""#,
        r#","jku":"https://example.org""#,
        r#","jwk":{}"#,
        r#","x5c":[]"#,
        r#","alg":"ECDH-ES""#,
        r#","kid":"b""#,
        r#","\u006bid":"b""#,
        r#","apu":"QWxpY2U=""#,
        r#","apu":"+/+/""#,
        r#","apu":1"#,
        r#","register":"Not A Name""#,
        r#","record":"not-a-uuid""#,
        r#","record":"0190A5B1-7C3E-7D4F-8A1B-2C3D4E5F6071""#,
        r#","typ":"""#,
    ] {
        assert!(parse(agreed(more)).is_err(), "accepted {more}");
    }
    let oaep = format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"a","epk":{EPK}}}"#);
    assert!(parse(with_header(&oaep, &[0; 256])).is_err(), "epk belongs to ECDH-ES");
    let too_long = format!(r#","apv":"{}""#, "A".repeat(400));
    assert!(parse(agreed(&too_long)).is_err());
}

#[test]
fn an_epk_is_a_public_p_256_key_and_nothing_else() {
    let x = r#""x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0""#;
    let y = r#""y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps""#;
    for epk in [
        format!(r#"{{"kty":"EC","crv":"P-256",{x}}}"#),
        format!(r#"{{"kty":"EC","crv":"P-384",{x},{y}}}"#),
        format!(r#"{{"kty":"OKP","crv":"P-256",{x},{y}}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256",{x},{y},"d":"AA"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256",{x},{y},"kid":"a"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256","x":"gI0G",{y}}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256",{x},"y":"AASLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}}"#),
        "null".to_owned(),
        "[]".to_owned(),
    ] {
        let header = format!(r#"{{"alg":"ECDH-ES","enc":"A256GCM","kid":"a","epk":{epk}}}"#);
        assert!(parse(with_header(&header, b"")).is_err(), "accepted {epk}");
    }
    assert!(parse(with_header(r#"{"alg":"ECDH-ES","enc":"A256GCM","kid":"a"}"#, b"")).is_err());
}

#[test]
fn only_the_one_compact_form() {
    let good = agreed("");
    let parts: Vec<&str> = good.split('.').collect();
    let replaced = |at: usize, with: &str| {
        let mut parts = parts.clone();
        parts[at] = with;
        parts.join(".")
    };
    assert!(parse(replaced(3, "")).is_ok(), "an empty text is a text");
    let padded = format!("{}=", parts[3]);
    let bad = [
        replaced(0, ""),
        replaced(1, "AAAA"),
        replaced(2, ""),
        replaced(2, &base64url::encode([1; 16])),
        replaced(3, &padded),
        replaced(3, "+/+/"),
        replaced(4, ""),
        replaced(4, &base64url::encode([1; 12])),
        replaced(4, &base64url::encode([1; 17])),
        parts[..4].join("."),
        format!("{good}."),
        format!("{good}.AAAA"),
        format!("{good} "),
        String::new(),
        "....".to_owned(),
        replaced(3, &"A".repeat(MAX_LENGTH)),
    ];
    for text in bad {
        assert!(parse(&text).is_err());
    }
}

proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>) {
        let _ = parse(bytes);
    }

    #[test]
    fn never_panics_on_parts(text in r"([A-Za-z0-9_=-]{0,8}\.){0,6}") {
        let _ = parse(text);
    }
}

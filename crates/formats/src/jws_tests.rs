use proptest::prelude::*;

use super::*;

/// A JWS with this header and a payload and signature that are only shaped like one.
fn with_header(header: &str) -> String {
    format!("{}.{}.{}", base64url::encode(header), base64url::encode("{}"), base64url::encode([1; 64]))
}

#[test]
fn rfc_7515_appendix_a_3() {
    let compact = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp\
                   0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let jws = parse(compact).unwrap();
    assert_eq!(jws.header, Header { algorithm: SignatureAlgorithm::Es256, kid: None, typ: None, cty: None });
    assert!(jws.payload.expose().starts_with(b"{\"iss\":\"joe\",\r\n"));
    assert_eq!((jws.signature.len(), jws.signature[0]), (64, 14));
    assert_eq!(format!("{}.{}", jws.signing_input.expose(), base64url::encode(&jws.signature)), compact);
}

#[test]
fn what_is_written_is_read() {
    let header = Header::new(SignatureAlgorithm::EdDsa, "key.1", "sealkeep-answer+jws");
    let input = signing_input(&header, b"payload");
    let jws = parse(compact(&input, &[7; 64])).unwrap();
    assert!(jws.header == header && jws.payload.expose() == b"payload" && jws.signature == [7; 64]);
    assert!(jws.signing_input.expose() == input);
    assert_eq!(jws.expect_typ("sealkeep-answer+jws"), Ok(()));
    assert!(jws.expect_typ("sealkeep-open+jws").is_err());
    assert_eq!(
        String::from_utf8(base64url::decode_strict(input.split('.').next().unwrap()).unwrap()).unwrap(),
        r#"{"alg":"EdDSA","kid":"key.1","typ":"sealkeep-answer+jws"}"#
    );
}

#[test]
fn header_members_that_are_not_ours_are_refused() {
    assert!(parse(with_header(r#"{"alg":"ES256","kid":"a","typ":"b","cty":"c"}"#)).is_ok());
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"ES512"}"#,
        r#"{"alg":"es256"}"#,
        r#"{"kid":"a"}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","b64":true}"#,
        r#"{"alg":"ES256","jwk":{}}"#,
        r#"{"alg":"ES256","jku":"https://example.org"}"#,
        r#"{"alg":"ES256","x5c":[]}"#,
        r#"{"alg":"ES256","x5u":""}"#,
        r#"{"alg":"ES256","unknown":1}"#,
        r#"{"alg":"ES256","kid":1}"#,
        r#"{"alg":"ES256","kid":""}"#,
        r#"{"alg":"ES256","kid":"a\u0000"}"#,
        r#"{"alg":"ES256","kid":"é"}"#,
        r#"{"alg":"ES256","kid":null}"#,
        r#"{"alg":"ES256"} "#.trim_end_matches(' ').trim_end_matches('}'),
        r#"["alg"]"#,
        r#""ES256""#,
        "",
    ] {
        assert!(parse(with_header(header)).is_err(), "accepted {header}");
    }
    let long = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "a".repeat(257));
    assert!(parse(with_header(&long)).is_err());
    let deep = format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    assert!(parse(with_header(&deep)).is_err());
}

#[test]
fn only_the_one_compact_form() {
    let good = with_header(r#"{"alg":"ES256"}"#);
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let bad = [
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{good}."),
        format!(".{good}"),
        format!("{header}..{payload}.{signature}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{}", signature.replace('A', "+")),
        format!("{header}.{payload}.{signature}\n"),
        format!(" {good}"),
        format!("{header}.{payload}.{}", "A".repeat(2 * MAX_SIGNATURE + 1)),
        r#"{"payload":"e30","signatures":[]}"#.to_owned(),
        "..".to_owned(),
        String::new(),
    ];
    for text in bad {
        assert!(parse(&text).is_err(), "accepted {text}");
    }
    assert!(parse(b"\xff.a.b").is_err());
    assert!(parse(format!("{header}.{}.{signature}", "A".repeat(MAX_LENGTH))).is_err());
}

proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>) {
        let _ = parse(bytes);
    }

    #[test]
    fn never_panics_on_header_text(header in r#"\{("(alg|kid|typ|crit|x)":("ES256"|"none"|1|\[\]|\{\}|null),?){0,4}\}"#) {
        let _ = parse(with_header(&header));
    }

    #[test]
    fn payloads_come_back(payload: Vec<u8>, kid in "[!-~]{1,40}") {
        let input = signing_input(&Header::new(SignatureAlgorithm::Es256, &kid, "t"), &payload);
        let jws = parse(compact(&input, &[1])).unwrap();
        prop_assert!(jws.payload.expose() == payload && jws.header.kid == Some(kid));
    }
}

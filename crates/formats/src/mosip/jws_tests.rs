use proptest::prelude::*;

use super::*;

fn decoded(protected: &str) -> String {
    String::from_utf8(base64url::decode_strict(protected).unwrap()).unwrap()
}

fn parse(json: &str) -> Result<ParsedHeader, FormatError> {
    ParsedHeader::parse(&base64url::encode(json))
}

fn additional(members: &[(&str, &str)]) -> Result<AdditionalHeaders, FormatError> {
    AdditionalHeaders::new(members.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
}

#[test]
fn members_stand_in_the_dialects_order() {
    let bare = Header { algorithm: "RS256", ..Header::default() };
    assert_eq!(decoded(&bare.protected()), r#"{"alg":"RS256"}"#);
    assert_eq!(bare.protected(), "eyJhbGciOiJSUzI1NiJ9", "the old sign call's header");
    let all = Header {
        algorithm: "RS256",
        unencoded: false,
        certificates: &[vec![0xfb, 0xff], vec![1]],
        thumbprint: Some([0xff; 32]),
        certificate_url: Some("https://a/\"b"),
        kid: Some("kid"),
        additional: None,
    };
    let expected = format!(
        r#"{{"alg":"RS256","x5c":["+/8=","AQ=="],"x5t#S256":"{}","x5u":"https://a/\"b","kid":"kid"}}"#,
        base64url::encode([0xff; 32])
    );
    assert_eq!(decoded(&all.protected()), expected);
    let more = additional(&[("typ", "JWT"), ("crit", "x, typ"), ("x", "1")]).unwrap();
    let unencoded = Header { algorithm: "PS256", unencoded: true, additional: Some(&more), ..Header::default() };
    let expected = r#"{"alg":"PS256","b64":false,"crit":["b64","typ-x"],"typ":"JWT","x":"1"}"#
        .replace("\"typ-x\"", "\"x\",\"typ\"");
    assert_eq!(decoded(&unencoded.protected()), expected);
}

#[test]
fn callers_headers() {
    let prefix = |text: &str| additional(&[("kid", text)]).unwrap().kid_prefix;
    assert_eq!((prefix("did:x"), prefix("did:x#"), prefix("")), ("did:x#".into(), "did:x#".into(), String::new()));
    for name in RESERVED {
        assert!(additional(&[(name, "x")]).is_err(), "{name}");
    }
    assert!(additional(&[("crit", "exp")]).is_err() && additional(&[("crit", "b64")]).is_err());
    assert!(additional(&[("", "x")]).is_err());
    for twice in ["a", "kid", "crit"] {
        assert!(additional(&[(twice, "a"), ("a", "x"), (twice, "a")]).is_err(), "{twice}");
    }
    assert!(additional(&[("crit", ""), ("a", "x")]).is_ok());
}

#[test]
fn issuers() {
    assert_eq!(issuer(br#"{"iss":"me"}"#), Some("me".to_owned()));
    for other in [&br#"{"iss":1}"#[..], b"{}", b"[]", b"text", b"\xff"] {
        assert_eq!(issuer(other), None);
    }
}

#[test]
fn tokens_in_three_parts() {
    let split = SplitJws::parse("aa.bb.AQ").unwrap();
    assert_eq!((split.protected, split.middle, split.signature), ("aa", "bb", vec![1]));
    assert_eq!(SplitJws::parse("aa..AQ").unwrap().middle, "");
    for bad in ["", "aa.bb", "aa.bb.", "aa.bb.AQ.", "aa.bb.AQ==", "aa.bb.é", "aa.b.b.AQ", "aa.bb.A Q"] {
        assert!(SplitJws::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_the_signature_is_over() {
    let input = |json: &str, token_middle: &str, actual: Option<&str>| {
        let token = compact("hh", Some(Payload::Text(token_middle)), &[1]);
        let header = parse(json).unwrap();
        String::from_utf8(SplitJws::parse(&token).unwrap().signing_input(&header, actual.map(Payload::Text))).unwrap()
    };
    let (plain, unencoded) = (r#"{"alg":"RS256"}"#, r#"{"alg":"RS256","b64":false,"crit":["b64"]}"#);
    // "text" is dGV4dA in base64url.
    assert_eq!(input(plain, "dGV4dA", None), "hh.dGV4dA");
    assert_eq!(input(plain, "dGV4dA==", None), "hh.dGV4dA==", "letter by letter");
    assert_eq!(input(plain, "other", Some("dGV4dA")), "hh.dGV4dA");
    for blank in [None, Some(""), Some(" ")] {
        assert_eq!(input(plain, "dGV4dA", blank), "hh.dGV4dA");
    }
    assert_eq!(input(unencoded, "dGV4dA", None), "hh.text");
    assert_eq!(input(unencoded, "", Some("dGV4dA==")), "hh.text");
    assert_eq!(input(unencoded, r#"{"a":1}"#, None), r#"hh.{"a":1}"#, "RFC 7797");
    assert_eq!(input(r#"{"alg":"RS256","b64":true,"crit":["b64"]}"#, "dGV4dA", None), "hh.dGV4dA");
}

#[test]
fn headers_of_others() {
    let header =
        parse(r#"{"typ":"JWT","alg":"ES256","kid":"pre#fix#id","x5c":["AQID"],"x5t#S256":"AQ","jku":"x"}"#).unwrap();
    assert_eq!((header.algorithm.as_str(), header.key_id()), ("ES256", Some("id")));
    assert_eq!((header.certificates, header.thumbprint, header.unencoded), (vec![vec![1, 2, 3]], Some(vec![1]), false));
    assert_eq!(parse(r#"{"alg":"x"}"#).unwrap().key_id(), None);
    assert_eq!(parse(r#"{"alg":"x","kid":"id"}"#).unwrap().key_id(), Some("id"));
    let bad = [
        "",
        "{}",
        "[]",
        "null",
        r#"{"alg":1}"#,
        r#"{"alg":"x","alg":"y"}"#,
        r#"{"alg":"x","kid":1}"#,
        r#"{"alg":"x","x5c":[]}"#,
        r#"{"alg":"x","x5c":"AQ"}"#,
        r#"{"alg":"x","x5c":["*"]}"#,
        r#"{"alg":"x","x5c":[1]}"#,
        r#"{"alg":"x","b64":false}"#,
        r#"{"alg":"x","b64":"false","crit":["b64"]}"#,
        r#"{"alg":"x","crit":["b64"]}"#,
        r#"{"alg":"x","crit":["exp"],"exp":1}"#,
        r#"{"alg":"x","crit":[]}"#,
        r#"{"alg":"x","b64":false,"crit":["b64","b64"]}"#,
        r#"{"alg":"x","x5t#S256":1}"#,
    ];
    for json in bad {
        assert_eq!(parse(json), Err(HEADER), "{json}");
    }
    let chain = |count: usize| format!(r#"{{"alg":"x","x5c":[{}]}}"#, vec![r#""AQ""#; count].join(","));
    assert!(parse(&chain(16)).is_ok() && parse(&chain(17)).is_err());
    assert!(
        ParsedHeader::parse("eyJhbGciOiJSUzI1NiJ9=").is_err()
            && ParsedHeader::parse(&"A".repeat(MAX_HEADER + 4)).is_err()
    );
}

proptest! {
    #[test]
    fn never_panics(token in "\\PC{0,40}(\\.\\PC{0,10}){0,4}", actual: Option<String>) {
        let _ = ParsedHeader::parse(&token);
        if let Ok(split) = SplitJws::parse(&token)
            && let Ok(header) = parse(r#"{"alg":"x","b64":false,"crit":["b64"]}"#)
        {
            let _ = split.signing_input(&header, actual.as_deref().map(Payload::Text));
        }
    }

    #[test]
    fn what_is_written_is_read(kid in ".{0,20}", url in ".{0,20}", der: Vec<u8>, unencoded: bool, hash: [u8; 32]) {
        let certificates = [der];
        let header = Header {
            algorithm: "RS256",
            unencoded,
            certificates: &certificates,
            thumbprint: Some(hash),
            certificate_url: Some(&url),
            kid: Some(&kid),
            additional: None,
        };
        let parsed = ParsedHeader::parse(&header.protected()).unwrap();
        prop_assert_eq!((parsed.kid.as_deref(), &parsed.certificates[..]), (Some(kid.as_str()), &certificates[..]));
        prop_assert_eq!((parsed.unencoded, parsed.thumbprint), (unencoded, Some(hash.to_vec())));
    }
}

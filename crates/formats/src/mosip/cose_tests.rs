use proptest::prelude::*;
use serde_json::json;

use super::*;

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("an object") };
    map
}

fn headers(protected: Value, unprotected: Value) -> Result<Headers, FormatError> {
    let certificates = [vec![1, 2], vec![3]];
    let signer = Signer { algorithm: "ES256", certificates: &certificates, thumbprint: [9; 32], kid: "prefix#id" };
    Headers::new(&signer, &object(protected), &object(unprotected))
}

type Pairs = Vec<(Cbor, Cbor)>;

fn both(protected: Value, unprotected: Value) -> (Pairs, Pairs) {
    let headers = headers(protected, unprotected).unwrap();
    let map = |value: Cbor| value.into_map().unwrap();
    (map(cbor::from_bytes(&headers.protected).unwrap()), map(headers.unprotected))
}

fn pair(label: impl Into<Cbor>, value: impl Into<Cbor>) -> (Cbor, Cbor) {
    (label.into(), value.into())
}

#[test]
fn parameters_by_their_names() {
    let alg = pair(1, -7);
    assert_eq!(both(json!({}), json!({})), (vec![alg.clone()], vec![]));
    assert_eq!(headers(json!({}), json!({})).unwrap().protected, b"\xa1\x01\x26");
    let (inner, outer) = both(
        json!({"cty": "text/plain", "kid": "any", "99": 5, "name": "x", "alg": "none"}),
        json!({"includeCertificateHash": "True", "certificateUrl": "https://a", "iv": "iv", "partial-iv": "p", "kid": 1}),
    );
    let kid = Cbor::Bytes(b"prefix#id".to_vec());
    assert_eq!(inner, [alg.clone(), pair(99, 5), pair(3, "text/plain"), pair(4, kid), pair("name", "x")]);
    assert_eq!(
        outer,
        [pair(35, "https://a"), pair(34, Cbor::Bytes(vec![9; 32])), pair(5, Cbor::Bytes(b"iv".to_vec()))]
    );

    let chain = Cbor::Array(vec![Cbor::Bytes(vec![1, 2]), Cbor::Bytes(vec![3])]);
    assert_eq!(both(json!({}), json!({"includeCertificateChain": true})).1, [pair(33, chain)]);
    assert_eq!(
        both(json!({"includeCertificate": true}), json!({})).0,
        [alg.clone(), pair(33, Cbor::Bytes(vec![1, 2]))]
    );
    for no in [json!(false), json!("no"), Value::Null] {
        assert_eq!(both(json!({"includeCertificate": no}), json!({"partial-iv": "p"})).0.len(), 1);
    }
    let crit = Cbor::Array(vec!["name".into(), 99.into()]);
    assert_eq!(both(json!({"name": 1, "99": 2}), json!({"crit": "name, 99"})).0.last(), Some(&pair(2, crit)));
}

#[test]
fn what_cannot_be_asked_for() {
    let bad = [
        (json!({"crit": "name"}), json!({})),
        (json!({"crit": "name"}), json!({"name": 1})),
        (json!({"crit": ""}), json!({})),
        (json!({"crit": ["name"], "name": 1}), json!({})),
        (json!({"1": -8}), json!({})),
        (json!({}), json!({"1": -8})),
        (json!({"kid": "x", "4": "y"}), json!({})),
        (json!({}), json!({"2": ["x"]})),
        (json!({"2": 7}), json!({})),
        (json!({"33": "x"}), json!({})),
        (json!({}), json!({"34": "x"})),
        (json!({}), json!({"35": 1})),
        (json!({"4": "x"}), json!({})),
        (json!({"3": []}), json!({})),
        (json!({}), json!({"+5": "x"})),
        (json!({}), json!({"06": "x"})),
        (json!({"cty": "a", "content-type": "b"}), json!({})),
        (json!({"includeCertificate": true}), json!({"includeCertificateChain": true})),
        (json!({"cty": 1}), json!({})),
        (json!({"iv": ""}), json!({})),
        (json!({"includeCertificate": 1}), json!({})),
    ];
    for (protected, unprotected) in bad {
        assert_eq!(headers(protected.clone(), unprotected.clone()), Err(PARAMETERS), "{protected} {unprotected}");
    }
    let signer = Signer { algorithm: "HS256", certificates: &[], thumbprint: [0; 32], kid: "" };
    assert!(Headers::new(&signer, &Map::new(), &Map::new()).is_err());
}

#[test]
fn what_is_written_is_read() {
    let headers = headers(json!({"includeCertificateChain": true}), json!({"kid": ""})).unwrap();
    let bytes = headers.message(b"payload", &[7; 64]).unwrap();
    assert_eq!(bytes[..2], [0xd2, 0x84]);
    let parsed = ParsedSign1::parse(&bytes).unwrap();
    assert_eq!((parsed.algorithm, parsed.certificates.len()), (Some("ES256"), 2));
    assert_eq!((parsed.kid.as_deref(), &parsed.payload[..]), (Some(&b"prefix#id"[..]), &b"payload"[..]));
    assert_eq!(parsed.signature, [7; 64]);
    assert_eq!(parsed.to_be_signed(), headers.to_be_signed(b"payload"));
    assert!(headers.to_be_signed(b"x").starts_with(b"\x84\x6aSignature1"));
    for end in 0..bytes.len() {
        assert!(ParsedSign1::parse(&bytes[..end]).is_err());
    }
    assert!(ParsedSign1::parse(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn messages_of_others() {
    let message = |tag: u64, protected: Cbor, outer: Cbor| {
        let protected = Cbor::Bytes(cbor::to_bytes(&protected).unwrap());
        let parts = vec![protected, outer, Cbor::Bytes(b"p".to_vec()), Cbor::Bytes(vec![1])];
        ParsedSign1::parse(&cbor::to_bytes(&Cbor::Tag(tag, Box::new(Cbor::Array(parts)))).unwrap())
    };
    let map = |pairs: &[(Cbor, Cbor)]| Cbor::Map(pairs.to_vec());
    let alg = map(&[pair(1, -8)]);
    assert_eq!(message(18, alg.clone(), map(&[])).unwrap().algorithm, Some("EdDSA"));
    // An algorithm that is not protected is none.
    assert_eq!(message(18, map(&[]), alg.clone()).unwrap().algorithm, None);
    assert_eq!(message(18, map(&[pair(1, 5)]), map(&[])).unwrap().algorithm, None);
    // What is protected comes first.
    let (one, two) = (Cbor::Bytes(vec![1]), Cbor::Bytes(vec![2]));
    let parsed =
        message(18, map(&[pair(33, one.clone()), pair(4, one.clone())]), map(&[pair(33, two.clone()), pair(4, two)]));
    let parsed = parsed.unwrap();
    assert_eq!((parsed.certificates, parsed.kid), (vec![vec![1]], Some(vec![1])));
    // What must be understood: only what is known, is there, and is signed.
    let crit = |labels: &[i64]| pair(2, Cbor::Array(labels.iter().map(|label| (*label).into()).collect()));
    let kid = || pair(4, Cbor::Bytes(vec![1]));
    assert!(message(18, map(&[kid(), crit(&[4])]), map(&[])).is_ok());
    let bad = [
        message(18, map(&[crit(&[4])]), map(&[])),
        message(18, map(&[crit(&[4])]), map(&[kid()])),
        message(18, map(&[kid()]), map(&[crit(&[4])])),
        message(18, map(&[kid(), crit(&[4])]), map(&[crit(&[4])])),
        message(18, map(&[crit(&[2])]), map(&[])),
        message(18, map(&[pair(99, 1), crit(&[99])]), map(&[])),
        message(98, alg.clone(), map(&[])),
        message(18, map(&[pair(1, -8), pair(1, -7)]), map(&[])),
        message(18, alg.clone(), map(&[pair("a", 1), pair("a", 1)])),
        message(18, map(&[pair(2, Cbor::Array(vec!["x".into()])), pair("x", 1)]), map(&[])),
        message(18, map(&[pair(2, Cbor::Array(vec![]))]), map(&[])),
        message(18, map(&[pair(33, "x")]), map(&[])),
        message(18, map(&[pair(33, Cbor::Array(vec![]))]), map(&[])),
        message(18, map(&[pair(33, Cbor::Array(vec![one; 17]))]), map(&[])),
        message(18, map(&[pair(4, "x")]), map(&[])),
        message(18, Cbor::Null, map(&[])),
        message(18, alg, Cbor::Null),
    ];
    for (at, parsed) in bad.into_iter().enumerate() {
        assert_eq!(parsed, Err(MESSAGE), "{at}");
    }
}

proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>) {
        let _ = ParsedSign1::parse(&bytes);
        let _ = ParsedSign1::parse(&[&[0xd2, 0x84, 0x43, 0xa1, 0x01, 0x26][..], &bytes].concat());
    }
}

//! What we make is opened and verified by `tests/fixtures/mosip/read_ours.py`: Python's cryptography, jwcrypto and argon2-cffi.

use std::num::NonZeroU32;

use km_crypto::{argon2::Cost, pem};
use km_domain::{SecretBytes, SecretText};
use km_formats::{
    base64url::encode,
    mosip::{
        cose::{Headers, Signer},
        cwt,
        identifiers::lower_hex,
        jwe, jws,
        pkcs7::bundle,
    },
};
use serde_json::{Map, Value, json};

use super::{argon2, client_crypto::Padding, fixture, payload::Certified, pin, zk::RecordKey};
use crate::python_tests::read_ours;

#[test]
fn other_programs_read_what_we_write() {
    let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/payloads.json"));
    let store = fixture::store(&fixture);
    let recipient = Certified { public: store.public(), thumbprint: [0x7e; 32] };
    let mut made = payloads(&recipient);
    made.extend(passwords());
    made.extend(signatures());
    made.extend(messages(&recipient));
    made.extend(cose());
    made.extend([Padding::Sha256, Padding::Tpm, Padding::MaskedWithSha1].map(|padding| client(&recipient, padding)));
    made.push(certificates());
    let cases: Vec<&Value> = made.iter().map(|(case, _)| case).collect();
    let Some(found) = read_ours("mosip", &json!({ "key": fixture["key"], "cases": cases })) else { return };
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), made.len());
    for ((case, expected), found) in made.iter().zip(found) {
        assert_eq!(found.as_str(), Some(encode(expected).as_str()), "{}", case["kind"]);
    }
}

/// A case for the script, and what it must find.
type Made = (Value, Vec<u8>);

fn payloads(recipient: &Certified) -> Vec<Made> {
    // The other program's nonces have 8 bytes at least.
    let salts: [Option<&[u8]>; 6] =
        [None, Some(&[1; 8]), Some(&[1; 12]), Some(&[1; 16]), Some(&[1; 32]), Some(&[1; 43])];
    let aads: [Option<&[u8]>; 2] = [None, Some(b"my-aad")];
    let mut made = Vec::new();
    for (salt, aad) in salts.into_iter().flat_map(|salt| aads.map(|aad| (salt, aad))) {
        for text in [&b"x"[..], b"a longer text than one block of the cipher"] {
            let data = super::payload::seal(recipient, salt, aad, text).unwrap();
            let case = json!({
                "kind": "payload", "data": encode(data), "thumbprint": encode(recipient.thumbprint), "salt": salt.map(encode),
                "aad": aad.map(encode),
            });
            made.push((case, text.to_vec()));
        }
    }
    made
}

fn passwords() -> Vec<Made> {
    let (secret, iterations) = (SecretText::new("pässwörd".to_owned()), NonZeroU32::new(1000).unwrap());
    let sealed = pin::seal(&secret, iterations, b"text").unwrap();
    let record = RecordKey::derive(&SecretBytes::new(vec![5; 32]), &SecretText::new("an id".to_owned())).unwrap();
    let value = record.seal(42, b"value").unwrap();
    let (salt, cost) = (argon2::new_salt(), Cost { iterations: 2, memory_kib: 1024, parallelism: 2 });
    let hash = argon2::hash(&secret, &salt, cost).unwrap();
    vec![
        (
            json!({ "kind": "pin", "data": encode(sealed), "pin": secret.expose(), "iterations": 1000 }),
            b"text".to_vec(),
        ),
        (
            json!({ "kind": "zk", "data": encode(value), "random_key": encode([5; 32]), "id": "an id", "index": 42 }),
            b"value".to_vec(),
        ),
        (
            json!({
                "kind": "argon2", "text": secret.expose(), "salt": encode(salt), "iterations": 2, "memory_kib": 1024,
                "parallelism": 2,
            }),
            hash.expose().to_vec(),
        ),
    ]
}

fn signatures() -> Vec<Made> {
    let payload = encode("{\"name\":\"Grüße\"}");
    let mut made = Vec::new();
    for (store, algorithm) in fixture::signers() {
        for (unencoded, include) in [(false, false), (false, true), (true, false), (true, true)] {
            let header = jws::Header { unencoded, kid: Some("a-kid"), thumbprint: Some([1; 32]), ..Default::default() };
            let token =
                super::jws::sign(&store, &store.stored(), algorithm, &header, payload.as_str(), include).unwrap();
            let case = json!({
                "kind": "signature", "token": token, "spki": encode(store.public().to_spki_der()), "alg": algorithm.name(),
                "detached": payload,
            });
            made.push((case, "{\"name\":\"Grüße\"}".as_bytes().to_vec()));
        }
    }
    made
}

fn messages(recipient: &Certified) -> Vec<Made> {
    let seal = |compressed, text: &[u8]| {
        let header = jwe::Header { compressed, with_hash: true, ..Default::default() };
        let token = super::jwe::seal(recipient, &header, text.to_vec().into()).unwrap();
        (json!({ "kind": "message", "token": token }), text.to_vec())
    };
    vec![seal(false, b"{}"), seal(true, b"{}"), seal(true, &[b'x'; 5000])]
}

fn cose() -> Vec<Made> {
    let claims = cwt::Claims {
        issuer: Some("iss"),
        subject: Some("sub"),
        audience: None,
        expires: 4_102_444_800,
        not_before: 1_577_836_800,
        issued_at: 1_577_836_800,
        id: Some(b"id"),
        claim_169: Some(&[1, 2, 3]),
        others: &Map::new(),
    }
    .to_bytes()
    .unwrap();
    let unprotected = Map::from_iter([("kid".to_owned(), json!(""))]);
    let mut made = Vec::new();
    for (store, algorithm) in fixture::signers() {
        let signer = Signer { algorithm: algorithm.name(), certificates: &[], thumbprint: [1; 32], kid: "a-kid" };
        let headers = Headers::new(&signer, &Map::new(), &unprotected).unwrap();
        let sign = |payload: &[u8]| super::cose::sign1(&store, &store.stored(), algorithm, &headers, payload).unwrap();
        let case = |kind: &str, message: &[u8]| {
            let spki = encode(store.public().to_spki_der());
            json!({ "kind": kind, "message": lower_hex(message), "alg": algorithm.name(), "spki": spki })
        };
        made.push((case("cose", &sign(b"payload")), b"payload".to_vec()));
        let token = cwt::wrap(&sign(&claims)).unwrap();
        made.push((case("token", &token), br#"["iss", "sub", "010203"]"#.to_vec()));
    }
    made
}

fn client(recipient: &Certified, padding: Padding) -> Made {
    let data = super::client_crypto::seal(&recipient.public, padding, b"text").unwrap();
    let padding = match padding {
        Padding::Sha256 => "sha256",
        Padding::Tpm => "tpm",
        Padding::MaskedWithSha1 => "android",
    };
    (json!({ "kind": "client", "padding": padding, "data": encode(data) }), b"text".to_vec())
}

fn certificates() -> Made {
    let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/certificates.json"));
    let chain: Vec<Vec<u8>> = fixture["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|der| km_formats::base64url::decode(der.as_str().unwrap()).unwrap())
        .collect();
    let refs: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    (json!({ "kind": "bundle", "text": pem::encode("PKCS7", &bundle(&refs).unwrap()) }), chain.concat())
}

//! What we make is opened and verified by `tests/fixtures/mosip/read_ours.py`: Python's cryptography, jwcrypto and argon2-cffi. Their
//! packages go into a folder of their own under `target/`; where they cannot be installed the test says so and checks nothing.

use std::{
    io::Write,
    num::NonZeroU32,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use km_crypto::argon2::Cost;
use km_domain::{KeyAlgorithm, SecretBytes, SecretText, SignatureAlgorithm};
use km_formats::{
    base64url::encode,
    mosip::{
        cose::{Headers, Signer},
        cwt,
        identifiers::lower_hex,
        jwe, jws,
        pkcs7::{bundle, text_block},
    },
};
use serde_json::{Map, Value, json};

use super::{argon2, fixture, payload::Certified, pin, zk::RecordKey};
use crate::software_store::SoftwareStore;

#[test]
fn other_programs_read_what_we_write() {
    let Some(python) = python() else {
        // Not by a macro: what that prints nobody sees of a test that passes.
        let word = "SKIPPED other_programs_read_what_we_write: the packages of tests/fixtures/mosip/requirements.txt cannot be installed\n";
        std::io::stderr().write_all(word.as_bytes()).unwrap();
        return;
    };
    let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/payloads.json"));
    let store = fixture::store(&fixture);
    let recipient = Certified { public: store.public(), thumbprint: [0x7e; 32] };
    let mut made = payloads(&recipient);
    made.extend(passwords());
    made.extend(signatures(&store));
    made.extend(messages(&recipient));
    made.extend(cose(&store));
    made.push(client(&recipient));
    made.push(certificates());
    let cases: Vec<&Value> = made.iter().map(|(case, _)| case).collect();
    let found = read(&python, &json!({ "key": fixture["key"], "cases": cases }));
    assert_eq!(found.len(), made.len());
    for ((case, expected), found) in made.iter().zip(&found) {
        assert_eq!(found, &encode(expected), "{}", case["kind"]);
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

fn signatures(rsa: &SoftwareStore) -> Vec<Made> {
    let (curve, edwards) =
        (SoftwareStore::generate(KeyAlgorithm::P256), SoftwareStore::generate(KeyAlgorithm::Ed25519));
    let signers = [
        (rsa, SignatureAlgorithm::Rs256),
        (rsa, SignatureAlgorithm::Ps256),
        (&curve, SignatureAlgorithm::Es256),
        (&edwards, SignatureAlgorithm::EdDsa),
    ];
    let payload = encode("{\"name\":\"Grüße\"}");
    let mut made = Vec::new();
    for (store, algorithm) in signers {
        for (unencoded, include) in [(false, false), (false, true), (true, false), (true, true)] {
            let header = jws::Header { unencoded, kid: Some("a-kid"), thumbprint: Some([1; 32]), ..Default::default() };
            let token = super::jws::sign(store, &store.stored(), algorithm, &header, &payload, include).unwrap();
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
        let token = super::jwe::seal(recipient, &header, text).unwrap();
        (json!({ "kind": "message", "token": token }), text.to_vec())
    };
    vec![seal(false, b"{}"), seal(true, b"{}"), seal(true, &[b'x'; 5000])]
}

fn cose(rsa: &SoftwareStore) -> Vec<Made> {
    let (curve, edwards) =
        (SoftwareStore::generate(KeyAlgorithm::P256), SoftwareStore::generate(KeyAlgorithm::Ed25519));
    let signers = [
        (rsa, SignatureAlgorithm::Rs256),
        (rsa, SignatureAlgorithm::Ps256),
        (&curve, SignatureAlgorithm::Es256),
        (&edwards, SignatureAlgorithm::EdDsa),
    ];
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
    for (store, algorithm) in signers {
        let signer = Signer { algorithm: algorithm.name(), certificates: &[], thumbprint: [1; 32], kid: "a-kid" };
        let headers = Headers::new(&signer, &Map::new(), &unprotected).unwrap();
        let sign = |payload: &[u8]| super::cose::sign1(store, &store.stored(), algorithm, &headers, payload).unwrap();
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

fn client(recipient: &Certified) -> Made {
    let data = super::client_crypto::seal(&recipient.public, b"text").unwrap();
    (json!({ "kind": "client", "data": encode(data) }), b"text".to_vec())
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
    (json!({ "kind": "bundle", "text": text_block(&bundle(&refs).unwrap()) }), chain.concat())
}

fn read(python: &Path, request: &Value) -> Vec<String> {
    let mut child = Command::new(python)
        .arg(fixtures().join("read_ours.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the other program refused something, see above");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/mosip")
}

/// A Python that has the packages; they are installed on the first run.
fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python-mosip");
    let python = folder.join("bin/python");
    let ready = folder.join("installed");
    if !ready.exists() {
        let succeeds =
            |command: &mut Command| command.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
        let made = succeeds(Command::new("python3").arg("-m").arg("venv").arg(&folder))
            && succeeds(
                Command::new(&python)
                    .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
                    .arg(fixtures().join("requirements.txt")),
            );
        if !made {
            return None;
        }
        std::fs::write(&ready, b"").ok()?;
    }
    Some(python)
}

//! `POST /csverifysign`

use km_tests::openssl::{RSA, openssl, self_signed};
use km_tests::{Client, System, base64url, on_both};
use serde_json::{Value, json};

/// The public half of a key that openssl made, DER.
pub fn public_half(key: &std::path::Path) -> Vec<u8> {
    let out = key.with_extension("spki");
    openssl(&format!("pkey -in {} -pubout -outform DER -out", key.display()), &[&out]).good();
    std::fs::read(out).expect("a public key")
}

/// The same as a TPM writes the public half of an RSA key: name by SHA-1, scheme RSASSA with SHA-256, exponent left at the usual.
pub fn as_a_tpm_writes_it(spki: &[u8]) -> Vec<u8> {
    // The modulus stands before the exponent, which ends the document: 2 bytes of head, 3 of number.
    let modulus = &spki[spki.len() - 5 - 256..spki.len() - 5];
    let head = [0, 1, 0, 4, 0, 4, 0, 0x72, 0, 0, 0, 0x10, 0, 0x14, 0, 0x0b, 8, 0, 0, 0, 0, 0, 1, 0];
    [&head[..], modulus].concat()
}

fn signed_by(key: &std::path::Path, message: &[u8]) -> Vec<u8> {
    let (said, out) = (key.with_extension("said"), key.with_extension("signed"));
    std::fs::write(&said, message).expect("a message");
    openssl(&format!("dgst -sha256 -sign {} -out {}", key.display(), out.display()), &[&said]).good();
    std::fs::read(out).expect("a signature")
}

fn verified(client: &Client, key: &[u8], signature: &[u8], message: &[u8], kind: Value) -> Value {
    let request = json!({"data": base64url(message), "signature": base64url(signature), "publicKey": base64url(key), "clientType": kind});
    client.ask_mosip("/csverifysign", request).response()["verified"].clone()
}

fn made(system: &System, kind: &str) -> (std::path::PathBuf, Vec<u8>) {
    let (key, _) = self_signed(system.folder(), kind, "client");
    let spki = public_half(&key);
    (key, spki)
}

on_both! {
    /// Whatever the machine is called: what its key looks like decides.
    fn signatures_of_clients_are_verified(system: &System) {
        let backend = system.mosip("backend");
        let (key, spki) = made(system, RSA);
        let signature = signed_by(&key, b"Selam");
        let tpm = as_a_tpm_writes_it(&spki);
        for (public, kinds) in [(&spki, [json!(null), json!("LOCAL"), json!("ANDROID")]), (&tpm, [json!("TPM"), json!("LOCAL"), json!(null)])] {
            for kind in kinds {
                assert_eq!(verified(&backend, public, &signature, b"Selam", kind.clone()), true, "{kind}");
                assert_eq!(verified(&backend, public, &signature, b"selam", kind.clone()), false, "{kind}");
            }
            let mut changed = signature.clone();
            changed[100] ^= 1;
            assert_eq!(verified(&backend, public, &changed, b"Selam", json!(null)), false);
            assert_eq!(verified(&backend, public, &signature[1..], b"Selam", json!(null)), false);
        }
        let (_, other) = made(system, RSA);
        assert_eq!(verified(&backend, &other, &signature, b"Selam", json!(null)), false);
    }

    /// MOSIP answers with 500.
    fn keys_that_nobody_should_use_are_refused(system: &System) {
        let backend = system.mosip("backend");
        let (_, curve) = made(system, km_tests::openssl::P256);
        let (_, small) = made(system, "rsa:1024");
        let (_, good) = made(system, RSA);
        let cut = &as_a_tpm_writes_it(&good)[..200];
        for key in [&curve[..], &small, &good[1..], cut, &[0x30, 0]] {
            let request = json!({"data": "AAAA", "signature": "AAAA", "publicKey": base64url(key)});
            backend.ask_mosip("/csverifysign", request).refused_with(200, "KER-CC-004");
        }
        let request = json!({"data": "AAAA", "signature": "AAAA", "publicKey": base64url(&good), "clientType": "OTHER"});
        backend.ask_mosip("/csverifysign", request).refused_with(200, "KER-KMS-005");
    }

    fn the_event_says_whose_key_and_what_came_of_it(system: &System) {
        let backend = system.mosip("backend");
        let (_, good) = made(system, RSA);
        let end = system.log_end();
        let request = json!({"data": "AAAA", "signature": "AAAA", "publicKey": base64url(&good)});
        let answer = backend.ask_mosip("/csverifysign", request);
        let event = system.events_of(end, &answer.request_id).is("crypto.verify", "done", "").clone();
        assert_eq!(event["figures"]["valid"], 0);
        assert_eq!(event["digests"]["client_key"].as_str().map(str::len), Some(64));
    }
}

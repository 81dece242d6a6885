//! `POST /v1/keys/{id}/decrypt`

use km_tests::openssl::encrypt_oaep;
use km_tests::{Answer, Client, System, base64url, from_base64url, on_both};
use serde_json::{Value, json};

/// A message of this length under the key, with a context.
fn sealed(backend: &Client, key: &str, length: usize) -> Vec<u8> {
    let message = json!({"plaintext": base64url(vec![7; length]), "context": base64url("right")});
    let made = backend.post(&format!("/v1/keys/{key}/encrypt"), message).good();
    from_base64url(made["ciphertext"].as_str().expect("a ciphertext"))
}

fn asked(ciphertext: &[u8], context: &str) -> Value {
    json!({"ciphertext": base64url(ciphertext), "context": base64url(context)})
}

fn changed(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    changed
}

/// Every way in which a ciphertext can fail to open, for a caller who may use the key.
fn failures(system: &System, key: &str, length: usize) -> Vec<(&'static str, Value)> {
    let backend = system.rest("backend");
    let good = sealed(&backend, key, length);
    let of_another_key = sealed(&backend, &system.key("encrypt", "AES-256"), length);
    let head = 3 + key.len();
    let with_version = |version: u32| {
        let mut bytes = good.clone();
        bytes[head..head + 4].copy_from_slice(&version.to_be_bytes());
        bytes
    };
    vec![
        ("another context", asked(&good, "wrong")),
        ("no context", json!({"ciphertext": base64url(&good)})),
        ("one byte cut off", asked(&good[..good.len() - 1], "right")),
        ("one byte too many", asked(&[good.as_slice(), &[0]].concat(), "right")),
        ("a changed tag", asked(&changed(&good, good.len() - 1), "right")),
        ("a changed body", asked(&changed(&good, good.len() - 17), "right")),
        ("a changed IV", asked(&changed(&good, head + 4), "right")),
        ("of another key", asked(&of_another_key, "right")),
        ("a version that is not there", asked(&with_version(9), "right")),
        ("version 0", asked(&with_version(0), "right")),
    ]
}

fn same_refusal(answers: &[(&'static str, Answer)]) {
    for (how, answer) in answers {
        answer.clone().refused(422, "not-opened");
        assert_eq!(answer.without_request_id(), answers[0].1.without_request_id(), "{how}");
    }
}

on_both! {
    fn every_failure_gives_one_and_the_same_body(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let path = format!("/v1/keys/{key}/decrypt");
        let mut answers = Vec::new();
        for length in [64, 5000] {
            for (how, body) in failures(system, &key, length) {
                answers.push((how, backend.post(&path, body)));
            }
        }
        same_refusal(&answers);
    }

    fn a_data_key_wrapped_for_another_message_does_not_open(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let (one, two) = (sealed(&backend, &key, 5000), sealed(&backend, &key, 5000));
        let wrapped = 3 + key.len() + 4 + 12..3 + key.len() + 4 + 12 + 60;
        let mut mixed = one.clone();
        mixed[wrapped.clone()].copy_from_slice(&two[wrapped]);
        backend.post(&format!("/v1/keys/{key}/decrypt"), asked(&mixed, "right")).refused(422, "not-opened");
    }

    fn in_a_batch_a_failed_item_does_not_fail_its_neighbours(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let good = asked(&sealed(&backend, &key, 10), "right");
        let mut items = vec![good.clone()];
        items.extend(failures(system, &key, 64).into_iter().map(|(_, body)| body));
        items.push(good);
        let count = items.len();
        let end = system.log_end();
        let answer = backend.post(&format!("/v1/keys/{key}/decrypt"), json!({"items": items}));
        let event = system.events_of(end, &answer.request_id).is("crypto.decrypt", "done", "").clone();
        assert_eq!(event["count"], count);
        assert_eq!(event["figures"]["refused"], count - 2);
        let results = answer.good()["results"].as_array().expect("results").clone();
        assert_eq!(results.len(), count);
        for (at, result) in results.iter().enumerate() {
            if at == 0 || at == count - 1 {
                assert_eq!(*result, json!({"plaintext": base64url([7; 10])}));
            } else {
                assert_eq!(*result, results[1]);
                assert_eq!(result["problem"]["type"], "/docs/errors#not-opened");
                assert_eq!(result["problem"]["status"], 422);
            }
        }
    }

    /// Unknown, another role's, another purpose's and another tenant's keys: one answer.
    fn an_unknown_and_a_forbidden_key_look_the_same(system: &System) {
        let backend = system.rest("backend");
        let sealed = asked(&sealed(&backend, &system.key("encrypt", "AES-256"), 10), "right");
        let theirs = km_tests::system::new_key_id();
        let body = json!({"id": theirs, "purpose": "encrypt", "algorithm": "AES-256", "allow": ["sealkeep-backend"]});
        system.officer("other-officer").post("/v1/officer/keys", body).good();
        let keys = [
            "no-such-key".to_owned(),
            system.key_for("encrypt", "AES-256", &["sealkeep-caseworker"]),
            system.key("mac", "HMAC-SHA-256"),
            theirs,
            "kek".to_owned(),
            "data-root".to_owned(),
            "Not A Name!".replace(' ', "%20"),
        ];
        let end = system.log_end();
        let mut bodies = Vec::new();
        for key in &keys {
            for operation in ["encrypt", "decrypt", "rewrap"] {
                let body = if operation == "encrypt" { json!({"plaintext": "AAAA"}) } else { sealed.clone() };
                let answer = backend.post(&format!("/v1/keys/{key}/{operation}"), body).refused(404, "key-not-found");
                let kind = format!("crypto.{operation}");
                let event = system.events_of(end, &answer.request_id).is(&kind, "refused", "key-not-found").clone();
                assert_eq!(event["key"], Value::Null, "the log holds no name that the caller made up");
                bodies.push(answer.without_request_id());
            }
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    }

    fn an_rsa_key_opens_what_stock_openssl_encrypted_also_after_a_rotation(system: &System) {
        let (key, backend) = (system.key("decrypt", "RSA-2048"), system.rest("backend"));
        let path = format!("/v1/keys/{key}/decrypt");
        let folder = system.folder();
        let old = encrypt_oaep(folder, &system.jwk(&format!("{key}.1")), b"Selam");
        let opened = backend.post(&path, json!({"ciphertext": base64url(&old)})).good();
        assert_eq!(opened["plaintext"], base64url("Selam"));
        system.rotate(&key);
        let new = encrypt_oaep(folder, &system.jwk(&format!("{key}.2")), b"");
        for (sealed, plain) in [(&old, "Selam"), (&new, "")] {
            let opened = backend.post(&path, json!({"ciphertext": base64url(sealed)})).good();
            assert_eq!(opened["plaintext"], base64url(plain));
        }
        let foreign = encrypt_oaep(folder, &system.jwk(&format!("{}.1", system.key("decrypt", "RSA-2048"))), b"Selam");
        let failed = [
            ("a changed byte", changed(&old, 100)),
            ("the first byte", changed(&old, 0)),
            ("another key", foreign),
            ("too short", old[1..].to_vec()),
            ("too long", [old.as_slice(), &[0]].concat()),
            ("nothing", Vec::new()),
            ("zeros", vec![0; 256]),
            ("ones", vec![0xff; 256]),
        ];
        let answers = failed.map(|(how, sealed)| (how, backend.post(&path, json!({"ciphertext": base64url(sealed)}))));
        same_refusal(&answers);
    }
}

//! `POST /v1/keys/{id}/sign`

use km_tests::openssl::verifies;
use km_tests::{base64url, from_base64url, on_both};
use serde_json::{Value, json};

const KINDS: [(&str, &[&str]); 5] = [
    ("P-256", &["ES256"]),
    ("P-384", &["ES384"]),
    ("secp256k1", &["ES256K"]),
    ("Ed25519", &["EdDSA"]),
    ("RSA-2048", &["RS256", "PS256"]),
];

on_both! {
    fn stock_openssl_verifies_every_algorithm(system: &System) {
        let backend = system.rest("backend");
        for (kind, algorithms) in KINDS {
            let key = system.key("sign", kind);
            let jwk = system.jwk(&format!("{key}.1"));
            for (at, algorithm) in algorithms.iter().enumerate() {
                // Without a wish the first of the kind is made.
                let wish = if at == 0 { Value::Null } else { json!(algorithm) };
                let body = json!({"message": base64url("Selam"), "algorithm": wish});
                let signed = backend.post(&format!("/v1/keys/{key}/sign"), body).good();
                assert_eq!((&signed["algorithm"], &signed["kid"]), (&json!(algorithm), &json!(format!("{key}.1"))));
                let signature = from_base64url(signed["signature"].as_str().expect("a signature"));
                assert!(verifies(system.folder(), &jwk, algorithm, b"Selam", &signature), "{algorithm}");
                assert!(!verifies(system.folder(), &jwk, algorithm, b"selam", &signature), "{algorithm}");
            }
        }
    }

    fn a_key_signs_with_its_own_algorithms_only(system: &System) {
        let backend = system.rest("backend");
        let key = system.key("sign", "P-256");
        let path = format!("/v1/keys/{key}/sign");
        for algorithm in ["RS256", "ES384", "EdDSA"] {
            let end = system.log_end();
            let body = json!({"message": "AAAA", "algorithm": algorithm});
            let refused = backend.post(&path, body).refused(400, "invalid-request");
            assert_eq!(refused.body["field"], "algorithm");
            system.events_of(end, &refused.request_id).is("crypto.sign", "refused", "invalid-request");
        }
        for algorithm in ["none", "HS256", "es256", ""] {
            let refused = backend.post(&path, json!({"message": "AAAA", "algorithm": algorithm}));
            assert_eq!(refused.refused(400, "malformed-body").body["field"], "algorithm");
        }
    }

    fn after_a_rotation_the_new_version_signs(system: &System) {
        let (key, backend) = (system.key("sign", "P-256"), system.rest("backend"));
        let end = system.log_end();
        system.rotate(&key);
        let items = json!({"items": [{"message": "AAAA"}, {"message": "AAAB"}]});
        let answer = backend.post(&format!("/v1/keys/{key}/sign"), items);
        let event = system.events_of(end, &answer.request_id).is("crypto.sign", "done", "").clone();
        assert_eq!((&event["count"], &event["key_version"]), (&json!(2), &json!(2)));
        for signed in answer.good()["results"].as_array().expect("results") {
            assert_eq!(signed["kid"], format!("{key}.2"));
        }
    }
}

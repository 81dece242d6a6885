//! `POST /v1/keys/{id}/verify`

use km_tests::{Client, base64url, on_both};
use serde_json::{Value, json};

fn signed(backend: &Client, key: &str, algorithm: Option<&str>) -> Value {
    let body = json!({"message": base64url("Selam"), "algorithm": algorithm});
    backend.post(&format!("/v1/keys/{key}/sign"), body).good()
}

on_both! {
    fn a_signature_holds_for_its_message_key_algorithm_and_version(system: &System) {
        let backend = system.rest("backend");
        let (key, other) = (system.key("sign", "RSA-2048"), system.key("sign", "RSA-2048"));
        let made = signed(&backend, &key, Some("PS256"));
        let claim = |message: &str, changes: Value| {
            let mut claim = json!({"message": base64url(message), "signature": made["signature"]});
            claim.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
            claim
        };
        let items = json!({"items": [
            claim("Selam", json!({})),
            claim("Selam", json!({"algorithm": "PS256", "kid": format!("{key}.1")})),
            claim("selam", json!({})),
            claim("Selam", json!({"algorithm": "RS256"})),
            claim("Selam", json!({"kid": format!("{key}.2")})),
            claim("Selam", json!({"kid": format!("{other}.1")})),
            claim("Selam", json!({"signature": ""})),
        ]});
        let end = system.log_end();
        let answer = backend.post(&format!("/v1/keys/{key}/verify"), items);
        system.events_of(end, &answer.request_id).is("crypto.verify", "done", "");
        let results = answer.good()["results"].clone();
        let valid: Vec<_> = results.as_array().expect("results").iter().map(|one| one["valid"] == true).collect();
        assert_eq!(valid, [true, true, false, false, false, false, false], "{results}");
        let foreign = backend.post(&format!("/v1/keys/{other}/verify"), claim("Selam", json!({}))).good();
        assert_eq!(foreign, json!({"valid": false}));
    }

    fn an_old_versions_signature_holds_after_a_rotation(system: &System) {
        let (key, backend) = (system.key("sign", "Ed25519"), system.rest("backend"));
        let old = signed(&backend, &key, None);
        system.rotate(&key);
        let new = signed(&backend, &key, None);
        assert_eq!((&old["kid"], &new["kid"]), (&json!(format!("{key}.1")), &json!(format!("{key}.2"))));
        for made in [&old, &new] {
            for kid in [Value::Null, made["kid"].clone()] {
                let claim = json!({"message": base64url("Selam"), "signature": made["signature"], "kid": kid});
                assert_eq!(backend.post(&format!("/v1/keys/{key}/verify"), claim).good(), json!({"valid": true}));
            }
        }
        let crossed = json!({"message": base64url("Selam"), "signature": old["signature"], "kid": new["kid"]});
        assert_eq!(backend.post(&format!("/v1/keys/{key}/verify"), crossed).good(), json!({"valid": false}));
    }
}

//! `POST /v1/keys/{id}/mac`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

on_both! {
    fn a_code_holds_for_its_message_and_key_also_after_a_rotation(system: &System) {
        let (key, backend) = (system.key("mac", "HMAC-SHA-256"), system.rest("backend"));
        let path = format!("/v1/keys/{key}/mac");
        let message = base64url("Selam");
        let end = system.log_end();
        let answer = backend.post(&path, json!({"message": message}));
        system.events_of(end, &answer.request_id).is("crypto.mac", "done", "");
        let made = answer.good();
        assert_eq!((made["version"].as_u64(), from_base64url(made["mac"].as_str().expect("a code")).len()), (Some(1), 32));
        assert_eq!(backend.post(&path, json!({"message": message})).good(), made, "the same message, the same code");
        system.rotate(&key);
        let newer = backend.post(&path, json!({"message": message})).good();
        assert_eq!(newer["version"], 2);
        assert_ne!(newer["mac"], made["mac"]);
        let other = backend.post(&format!("/v1/keys/{}/mac", system.key("mac", "HMAC-SHA-256")), json!({"message": message}));
        let other = other.good();
        let check = |message: &str, mac: &serde_json::Value| json!({"message": base64url(message), "mac": mac});
        let items = json!({"items": [
            check("Selam", &made["mac"]),
            check("Selam", &newer["mac"]),
            check("selam", &made["mac"]),
            check("Selam", &other["mac"]),
            check("Selam", &json!("")),
            check("Selam", &json!(made["mac"].as_str().expect("a code")[..40])),
        ]});
        let results = backend.post(&path, items).good()["results"].clone();
        let valid: Vec<_> = results.as_array().expect("results").iter().map(|one| one["valid"] == true).collect();
        assert_eq!(valid, [true, true, false, false, false, false], "{results}");
    }

    fn making_and_checking_are_not_mixed(system: &System) {
        let (key, backend) = (system.key("mac", "HMAC-SHA-256"), system.rest("backend"));
        let items = json!({"items": [{"message": "AAAA"}, {"message": "AAAA", "mac": "AAAA"}]});
        let refused = backend.post(&format!("/v1/keys/{key}/mac"), items).refused(400, "invalid-request");
        assert_eq!(refused.body["field"], "mac");
    }
}

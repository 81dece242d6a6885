//! `POST /encryptWithPin`

use km_tests::{from_base64url, on_both};
use serde_json::json;

on_both! {
    fn a_text_is_sealed_with_new_salt_and_nonce_and_recorded(system: &System) {
        let backend = system.mosip("backend");
        let end = system.log_end();
        let answer = backend.ask_mosip("/encryptWithPin", json!({"data": "Sélam", "userPin": "A12345"}));
        let id = answer.request_id.clone();
        let one = from_base64url(answer.response()["data"].as_str().expect("data"));
        assert_eq!(one.len(), 32 + 12 + "Sélam".len() + 16);
        let event = system.events_of(end, &id).is("crypto.encrypt", "done", "").clone();
        assert!(event["key"].is_null() && !event.to_string().contains("A12345"), "{event}");
        let other = backend.ask_mosip("/encryptWithPin", json!({"data": "Sélam", "userPin": "A12345"})).response();
        assert_ne!(from_base64url(other["data"].as_str().expect("data"))[..44], one[..44]);
    }

    fn both_members_must_be_there(system: &System) {
        let backend = system.mosip("backend");
        for (member, request) in [("data", json!({"data": "", "userPin": "1"})), ("userPin", json!({"data": "x", "userPin": null}))] {
            let message = backend.ask_mosip("/encryptWithPin", request).refused_with(200, "KER-KMS-005");
            assert_eq!(message, format!("request.{member} should not be null or empty"));
        }
    }
}

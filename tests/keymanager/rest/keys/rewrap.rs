//! `POST /v1/keys/{id}/rewrap`

use km_tests::{base64url, on_both};
use serde_json::json;

on_both! {
    fn a_ciphertext_moves_to_the_current_version_and_keeps_its_context(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let path = |operation: &str| format!("/v1/keys/{key}/{operation}");
        for length in [20, 6000] {
            let plaintext = base64url(vec![3; length]);
            let message = json!({"plaintext": plaintext, "context": base64url("c")});
            let old = backend.post(&path("encrypt"), message).good();
            let version = system.rotate(&key);
            let sealed = json!({"ciphertext": old["ciphertext"], "context": base64url("c")});
            let end = system.log_end();
            let answer = backend.post(&path("rewrap"), sealed);
            system.events_of(end, &answer.request_id).is("crypto.rewrap", "done", "");
            assert!(!answer.text().contains("plaintext"));
            let moved = answer.good();
            assert_eq!(moved["version"], version);
            assert_ne!(moved["ciphertext"], old["ciphertext"]);
            let asked = json!({"ciphertext": moved["ciphertext"], "context": base64url("c")});
            assert_eq!(backend.post(&path("decrypt"), asked).good()["plaintext"], plaintext);
            let without = json!({"ciphertext": moved["ciphertext"]});
            backend.post(&path("decrypt"), without).refused(422, "not-opened");
        }
    }

    fn what_does_not_open_is_not_moved(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let path = |operation: &str| format!("/v1/keys/{key}/{operation}");
        let made = backend.post(&path("encrypt"), json!({"plaintext": "AAAA", "context": base64url("c")})).good();
        let wrong = json!({"ciphertext": made["ciphertext"], "context": base64url("d")});
        let end = system.log_end();
        let refused = backend.post(&path("rewrap"), wrong.clone()).refused(422, "not-opened");
        system.events_of(end, &refused.request_id).is("crypto.rewrap", "refused", "not-opened");
        let right = json!({"ciphertext": made["ciphertext"], "context": base64url("c")});
        let both = backend.post(&path("rewrap"), json!({"items": [wrong, right]})).good();
        assert_eq!(both["results"][0]["problem"]["type"], "/docs/errors#not-opened");
        assert_eq!(both["results"][1]["version"], 1);
    }
}

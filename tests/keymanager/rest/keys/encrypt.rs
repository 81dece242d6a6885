//! `POST /v1/keys/{id}/encrypt`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

on_both! {
    fn what_is_encrypted_decrypts_with_its_context(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let made = backend
            .post(&format!("/v1/keys/{key}/encrypt"), json!({"plaintext": base64url("Selam"), "context": base64url("row 7")}))
            .good();
        assert_eq!(made["version"], 1);
        let ciphertext = made["ciphertext"].as_str().expect("a ciphertext");
        assert!(!from_base64url(ciphertext).windows(5).any(|bytes| bytes == b"Selam"));
        let opened = backend
            .post(&format!("/v1/keys/{key}/decrypt"), json!({"ciphertext": ciphertext, "context": base64url("row 7")}))
            .good();
        assert_eq!(opened, json!({"plaintext": base64url("Selam")}));
    }
}

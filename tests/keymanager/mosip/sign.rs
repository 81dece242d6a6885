//! `POST /sign`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

use super::{all, openssl_takes};

on_both! {
    fn a_detached_signature_of_the_kernel_over_the_text(system: &System) {
        let backend = system.mosip("backend");
        let end = system.log_end();
        let answer = backend.ask_mosip("/sign", json!({"data": "Selam ሰላም"}));
        let id = answer.request_id.clone();
        let answer = answer.response();
        assert!(answer["timestamp"].as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z')));
        let jws = answer["signature"].as_str().expect("a signature");
        let signature = jws.strip_prefix("eyJhbGciOiJSUzI1NiJ9..").expect("the one header, no payload");
        let message = format!("eyJhbGciOiJSUzI1NiJ9.{}", base64url("Selam ሰላም"));
        // Another test makes a new key meanwhile.
        let all = all(&backend, "KERNEL", "SIGN");
        let taken = |message: &[u8]| all.iter().any(|one| openssl_takes(system, &one["certificateData"], message, &from_base64url(signature), ""));
        assert!(taken(message.as_bytes()) && !taken(b"other"));
        assert_eq!(system.events_of(end, &id).is("crypto.sign", "done", "")["object"], "KERNEL/SIGN");
    }

    fn there_must_be_something_to_sign(system: &System) {
        for data in [json!(""), json!("  "), json!(null)] {
            let message = system.mosip("backend").ask_mosip("/sign", json!({"data": data})).refused_with(200, "KER-KMS-005");
            assert_eq!(message, "request.data must not be blank");
        }
    }
}

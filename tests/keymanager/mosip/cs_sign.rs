//! `POST /cssign`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

use super::{current, master, openssl_takes};

on_both! {
    fn stock_openssl_verifies_with_the_key_of_the_resident_services(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "RESIDENT");
        let end = system.log_end();
        let answer = backend.ask_mosip("/cssign", json!({"data": base64url("Selam")}));
        let request_id = answer.request_id.clone();
        let signed = answer.response();
        assert_eq!(signed.as_object().expect("an answer").len(), 1);
        let signature = from_base64url(signed["data"].as_str().expect("a signature"));
        let certificate = current(&backend, "RESIDENT", "")["certificate"].clone();
        assert!(openssl_takes(system, &certificate, b"Selam", &signature, ""));
        assert!(!openssl_takes(system, &certificate, b"selam", &signature, ""));
        let event = system.events_of(end, &request_id).is("crypto.sign", "done", "").clone();
        assert_eq!(event["object"], "RESIDENT/");
    }

    fn what_becomes_a_certificate_is_not_signed(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "RESIDENT");
        // Version, serial number, algorithm: how a certificate's body begins.
        let body = [0x30, 10, 0xa0, 3, 2, 1, 2, 2, 1, 7, 0x30, 0];
        backend.ask_mosip("/cssign", json!({"data": base64url(body)})).refused_with(200, "KER-JWS-102");
        backend.ask_mosip("/cssign", json!({"data": "not base64!"})).refused_with(200, "KER-CRY-003");
        let answer = backend.ask_mosip("/cssign", json!({"data": " "}));
        assert_eq!(answer.refused_with(200, "KER-KMS-005"), "request.data should not be null or empty");
    }
}

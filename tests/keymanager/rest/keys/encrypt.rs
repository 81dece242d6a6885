//! `POST /v1/keys/{id}/encrypt`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::{Value, json};

on_both! {
    fn what_is_encrypted_decrypts_with_its_context(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let message = json!({"plaintext": base64url("Selam"), "context": base64url("row 7")});
        let made = backend.post(&format!("/v1/keys/{key}/encrypt"), message.clone()).good();
        assert_eq!(made["version"], 1);
        let ciphertext = made["ciphertext"].as_str().expect("a ciphertext");
        assert!(!from_base64url(ciphertext).windows(5).any(|bytes| bytes == b"Selam"));
        let again = backend.post(&format!("/v1/keys/{key}/encrypt"), message).good();
        assert_ne!(made["ciphertext"], again["ciphertext"], "the IV is random");
        let opened = backend
            .post(&format!("/v1/keys/{key}/decrypt"), json!({"ciphertext": ciphertext, "context": base64url("row 7")}))
            .good();
        assert_eq!(opened, json!({"plaintext": base64url("Selam")}));
    }

    fn a_ciphertext_names_format_key_and_version(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let made = backend.post(&format!("/v1/keys/{key}/encrypt"), json!({"plaintext": ""})).good();
        let bytes = from_base64url(made["ciphertext"].as_str().expect("a ciphertext"));
        let head = [&[1, 0, u8::try_from(key.len()).expect("a short id")], key.as_bytes(), &[0, 0, 0, 1]].concat();
        assert_eq!(bytes[..head.len()], head);
        assert_eq!(bytes.len(), head.len() + 12 + 16);
    }

    /// From 4 KiB on a message gets a data key of its own.
    fn a_large_message_opens_as_a_small_one_does(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        for (length, mode) in [(4095, 0), (4096, 1), (1_000_000, 1)] {
            let plaintext = base64url(vec![0x5a; length]);
            let message = json!({"plaintext": plaintext, "context": base64url("file")});
            let made = backend.post(&format!("/v1/keys/{key}/encrypt"), message).good();
            let ciphertext = made["ciphertext"].as_str().expect("a ciphertext");
            assert_eq!(from_base64url(ciphertext)[1], mode, "{length} bytes");
            let asked = json!({"ciphertext": ciphertext, "context": base64url("file")});
            assert_eq!(backend.post(&format!("/v1/keys/{key}/decrypt"), asked).good()["plaintext"], plaintext);
        }
    }

    fn a_batch_answers_in_order_and_leaves_one_event_with_the_count(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let items: Vec<Value> = (0..1000).map(|n| json!({"plaintext": base64url(format!("item {n}"))})).collect();
        let end = system.log_end();
        let answer = backend.post(&format!("/v1/keys/{key}/encrypt"), json!({"items": items}));
        let event = system.events_of(end, &answer.request_id).is("crypto.encrypt", "done", "").clone();
        assert_eq!((event["count"].as_u64(), event["key"].as_str()), (Some(1000), Some(key.as_str())));
        assert!(event["actor"]["name"].as_str().is_some_and(|name| name.ends_with("#backend")), "{event}");
        let sealed = answer.good()["results"].as_array().expect("results").clone();
        assert_eq!(sealed.len(), 1000);
        let items: Vec<Value> = sealed.iter().map(|one| json!({"ciphertext": one["ciphertext"]})).collect();
        let opened = backend.post(&format!("/v1/keys/{key}/decrypt"), json!({"items": items})).good();
        for (n, one) in opened["results"].as_array().expect("results").iter().enumerate() {
            assert_eq!(one["plaintext"], base64url(format!("item {n}")));
        }
    }

    fn a_new_version_protects_and_the_old_one_only_opens(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let seal = || backend.post(&format!("/v1/keys/{key}/encrypt"), json!({"plaintext": base64url("x")})).good();
        let old = seal();
        assert_eq!((old["version"].as_u64(), system.rotate(&key)), (Some(1), 2));
        for _ in 0..20 {
            assert_eq!(seal()["version"], 2);
        }
        let opened = backend.post(&format!("/v1/keys/{key}/decrypt"), json!({"ciphertext": old["ciphertext"]})).good();
        assert_eq!(opened["plaintext"], base64url("x"));
    }

    fn base64_is_taken_in_both_alphabets_padded_or_not(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        for spelled in ["-_-_-w", "-_-_-w==", "+/+/+w", "+/+/+w=="] {
            let made = backend.post(&format!("/v1/keys/{key}/encrypt"), json!({"plaintext": spelled})).good();
            let asked = json!({"ciphertext": made["ciphertext"]});
            let opened = backend.post(&format!("/v1/keys/{key}/decrypt"), asked).good();
            assert_eq!(opened["plaintext"], "-_-_-w", "{spelled}");
        }
    }
}

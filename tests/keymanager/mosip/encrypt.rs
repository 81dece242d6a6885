//! `POST /encrypt`

use km_tests::mosip::{TIME, to_decrypt, to_encrypt};
use km_tests::{base64url, from_base64url, on_both};
use serde_json::{Value, json};

use super::{current, fresh, master, x509};

/// The pair that OpenG2P's Odoo module makes once and sends with every record.
const SALT: &str = "3q2-7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs";
const AAD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn with(mut request: Value, members: Value) -> Value {
    let more = members.as_object().expect("members").clone();
    request.as_object_mut().expect("a request").extend(more);
    request
}

on_both! {
    /// The three layouts: their parts where the reference says they are.
    fn each_layout_is_as_specified(system: &System) {
        let backend = system.mosip("backend");
        let certificate = current(&backend, "REGISTRATION", "ENCRYPT")["certificate"].clone();
        let thumbprint = x509(system, &certificate, "-fingerprint -sha256");
        let thumbprint = thumbprint.split_once('=').expect("a fingerprint").1.replace(':', "").to_lowercase();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        for (layout, members, behind) in [
            ("A", json!({}), 32 + 16),
            ("B", json!({"aad": AAD}), 16 + 16),
            ("C", json!({"salt": SALT, "aad": AAD}), 16),
            ("C without aad", json!({"salt": SALT}), 16),
        ] {
            let request = with(to_encrypt("REGISTRATION", "ENCRYPT", "Selam"), members.clone());
            let answer = backend.ask_mosip("/encrypt", request).response();
            assert_eq!(answer.as_object().expect("a response").len(), 1);
            let text = answer["data"].as_str().expect("data");
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{layout}: {text}");
            let bytes = from_base64url(text);
            // One spelling: who stores the bytes and encodes them again has the same text.
            assert_eq!(base64url(&bytes), text, "{layout}");
            let bytes = match bytes.strip_prefix(b"VER_R2") {
                Some(rest) => { assert_eq!(layout, "A"); rest }
                None => { assert_ne!(layout, "A"); &bytes[..] }
            };
            assert_eq!(hex(&bytes[..32]), thumbprint, "{layout}");
            assert_eq!(&bytes[288..302], b"#KEY_SPLITTER#", "{layout}");
            assert_eq!(bytes.len(), 302 + "Selam".len() + behind, "{layout}");
            let back = with(to_decrypt("REGISTRATION", "ENCRYPT", text), members);
            assert_eq!(backend.ask_mosip("/decrypt", back).response()["data"], base64url("Selam"), "{layout}");
        }
    }

    fn no_two_ciphertexts_are_alike(system: &System) {
        let backend = system.mosip("backend");
        let request = || with(to_encrypt("REGISTRATION", "ENCRYPT", "Selam"), json!({"salt": SALT, "aad": AAD}));
        let [one, two] = [(); 2].map(|()| from_base64url(backend.ask_mosip("/encrypt", request()).response()["data"].as_str().expect("data")));
        assert_ne!(one[32..288], two[32..288], "the wrapped key");
        assert_ne!(one[302..], two[302..], "one salt, two keys");
    }

    fn a_base_key_is_made_when_it_is_first_needed(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let end = system.log_end();
        let answer = backend.ask_mosip("/encrypt", to_encrypt("OPENG2P", &reference, "Selam"));
        let id = answer.request_id.clone();
        let data = answer.response()["data"].as_str().expect("data").to_owned();
        let kinds: Vec<Value> = system.events_of(end, &id).0.iter().map(|event| event["kind"].clone()).collect();
        assert_eq!(kinds, ["key.create.intent", "key.create.outcome", "crypto.encrypt"]);
        let opened = backend.ask_mosip("/decrypt", to_decrypt("OPENG2P", &reference, &data)).response();
        assert_eq!(opened["data"], base64url("Selam"));
        let certificate = &current(&backend, "OPENG2P", &reference)["certificate"];
        assert!(x509(system, certificate, "-subject").contains(&format!("CN = OPENG2P-{reference}")));
        assert!(x509(system, certificate, "-ext keyUsage").contains("Key Encipherment"));
    }

    fn master_keys_never_encrypt(system: &System) {
        let backend = system.mosip("backend");
        for (application, reference) in [("OPENG2P", ""), ("OPENG2P", "  "), ("KERNEL", "SIGN"), ("kernel", "sign"), ("KERNEL", "IDENTITY_CACHE"), ("OPENG2P", "EC_SECP256R1_SIGN")] {
            let answer = backend.ask_mosip("/encrypt", to_encrypt(application, reference, "Selam"));
            answer.refused_with(200, "KER-CRY-011");
        }
        let mut request = to_encrypt("OPENG2P", "", "Selam");
        request["referenceId"] = Value::Null;
        backend.ask_mosip("/encrypt", request).refused_with(200, "KER-CRY-011");
    }

    /// C11: who may not use an application's keys may not encrypt to them either, and is not told whether there are any.
    fn the_applications_list_decides(system: &System) {
        let (backend, listed) = (system.mosip("backend"), system.mosip("openg2p"));
        master(&listed, "RESTRICTED");
        listed.ask_mosip("/encrypt", to_encrypt("RESTRICTED", "ENCRYPT", "Selam")).response();
        let unknown = backend.ask_mosip("/encrypt", to_encrypt("NOWHERE", "ENCRYPT", "Selam"));
        let text = unknown.refused_with(200, "KER-KMS-002");
        for application in ["RESTRICTED", "CLOSED"] {
            let end = system.log_end();
            let answer = backend.ask_mosip("/encrypt", to_encrypt(application, "ENCRYPT", "Selam"));
            assert_eq!(answer.refused_with(200, "KER-KMS-002"), text, "{application}");
            system.events_of(end, &answer.request_id).is("crypto.encrypt", "refused", "mosip-no-policy");
        }
        for (application, code) in [("INACTIVE", "KER-KMS-002"), ("ROOT", "KER-KMS-016"), ("PARTNER", "KER-KMS-016"), ("KERNEL", "KER-KMS-016"), ("PMS", "KER-KMS-012")] {
            backend.ask_mosip("/encrypt", to_encrypt(application, "ENCRYPT-1", "Selam")).refused_with(200, code);
        }
    }

    fn what_is_missing_or_malformed_is_named(system: &System) {
        let backend = system.mosip("backend");
        let good = || to_encrypt("REGISTRATION", "ENCRYPT", "Selam");
        for (member, value, message) in [
            ("applicationId", json!(""), "request.applicationId should not be null or empty"),
            ("applicationId", json!(null), "request.applicationId should not be null or empty"),
            ("timeStamp", json!(null), "request.timeStamp must not be null"),
            ("data", json!("  "), "request.data should not be null or empty"),
            ("data", json!(null), "request.data should not be null or empty"),
            ("salt", json!(""), "request.salt should not be empty"),
            ("aad", json!("x"), "request.aad should not be empty"),
        ] {
            let answer = backend.ask_mosip("/encrypt", with(good(), json!({member: value})));
            assert_eq!(answer.refused_with(200, "KER-KMS-005"), message);
        }
        for (member, value) in [("data", "a b"), ("data", "A"), ("salt", "**"), ("aad", "A=B=")] {
            let answer = backend.ask_mosip("/encrypt", with(good(), json!({member: value})));
            assert_eq!(answer.refused_with(200, "KER-CRY-003"), " input data is not base64 encoded", "{member} {value}");
        }
        // Each fault is named, in one answer.
        let errors = backend.ask_mosip("/encrypt", json!({"timeStamp": TIME})).body["errors"].clone();
        assert_eq!(errors.as_array().expect("errors").len(), 2, "{errors}");
        assert_eq!(errors[0]["errorCode"], "KER-KMS-005");
    }

    fn both_alphabets_with_and_without_padding(system: &System) {
        let backend = system.mosip("backend");
        for text in ["-_-_-w", "-_-_-w==", "+/+/+w", "+/+/+w=="] {
            let request = with(to_encrypt("REGISTRATION", "ENCRYPT", ""), json!({"data": text, "salt": text, "aad": text}));
            let data = backend.ask_mosip("/encrypt", request).response()["data"].as_str().expect("data").to_owned();
            let back = with(to_decrypt("REGISTRATION", "ENCRYPT", &data), json!({"salt": "-_-_-w", "aad": "+/+/+w=="}));
            assert_eq!(backend.ask_mosip("/decrypt", back).response()["data"], "-_-_-w", "{text}");
        }
    }
}

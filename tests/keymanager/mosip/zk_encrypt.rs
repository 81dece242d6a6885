//! `POST /zkEncrypt`

use km_tests::{Client, from_base64url, on_both};
use serde_json::{Value, json};

use super::{current, master};

/// The recipient's key, of which `zkEncrypt` needs the certificate.
#[track_caller]
pub fn recipient(client: &Client) -> String {
    master(client, "IDA");
    current(client, "IDA", "PUBLIC_KEY")["certificate"].as_str().expect("PEM").to_owned()
}

/// A request for these names and values.
pub fn asked(id: &str, values: &[(&str, &str)]) -> Value {
    let values: Vec<_> = values.iter().map(|(name, value)| json!({"identifier": name, "value": value})).collect();
    json!({"id": id, "zkDataAttributes": values})
}

/// The names and values of an answer.
pub fn named(answer: &Value) -> Vec<(&str, &str)> {
    let list = answer["zkDataAttributes"].as_array().expect("a list");
    list.iter()
        .map(|one| (one["identifier"].as_str().expect("a name"), one["value"].as_str().expect("a value")))
        .collect()
}

on_both! {
    fn values_come_back_under_their_id(system: &System) {
        let backend = system.mosip("backend");
        recipient(&backend);
        let values = [("name", "Abebe Bikila"), ("note", "Grüße"), ("name", "x")];
        let sealed = backend.ask_mosip("/zkEncrypt", asked("1234567890", &values)).response();
        let members: Vec<&String> = sealed.as_object().expect("an answer").keys().collect();
        assert_eq!(members, ["encryptedRandomKey", "rankomKeyIndex", "zkDataAttributes"]);
        let number: u32 = sealed["rankomKeyIndex"].as_str().expect("a text").parse().expect("a number");
        for ((name, value), (own, text)) in named(&sealed).into_iter().zip(values) {
            let bytes = from_base64url(value);
            assert_eq!((name, bytes.len()), (own, 4 + 12 + 32 + text.len() + 16));
            assert_eq!(bytes[..4], number.to_be_bytes());
        }
        let opened = backend.ask_mosip("/zkDecrypt", asked("1234567890", &named(&sealed))).response();
        assert_eq!(named(&opened), values);
        assert_eq!((&opened["encryptedRandomKey"], &opened["rankomKeyIndex"]), (&Value::Null, &Value::Null));
    }

    fn the_random_key_is_for_the_recipient(system: &System) {
        let backend = system.mosip("backend");
        let certificate = recipient(&backend);
        let sealed = backend.ask_mosip("/zkEncrypt", asked("1", &[("a", "b")])).response();
        let part = from_base64url(sealed["encryptedRandomKey"].as_str().expect("a text"));
        assert_eq!(part.len(), 32 + 256);
        let printed = crate::mosip::x509(system, &json!(certificate), "-fingerprint -sha256").replace(':', "").to_lowercase();
        let thumbprint: String = part[..32].iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(printed.ends_with(&thumbprint), "{printed} {thumbprint}");
    }

    /// No two values are sealed alike, and the random keys take turns.
    fn nothing_shows_that_two_values_are_the_same(system: &System) {
        let backend = system.mosip("backend");
        recipient(&backend);
        let calls: Vec<Value> = (0..12).map(|_| backend.ask_mosip("/zkEncrypt", asked("7", &[("a", "same"), ("b", "same")])).response()).collect();
        let values: std::collections::BTreeSet<&str> = calls.iter().flat_map(named).map(|(_, value)| &value[6..]).collect();
        assert_eq!(values.len(), 24);
        let numbers: std::collections::BTreeSet<&str> = calls.iter().map(|call| call["rankomKeyIndex"].as_str().expect("a number")).collect();
        // Twelve times the same of twenty would come up once in 20^11 runs.
        assert!(numbers.len() > 1, "{numbers:?}");
    }

    fn what_is_missing_is_named(system: &System) {
        let backend = system.mosip("backend");
        recipient(&backend);
        backend.ask_mosip("/zkEncrypt", json!({"id": "1", "zkDataAttributes": []})).refused_with(200, "KER-ZKC-003");
        backend.ask_mosip("/zkEncrypt", json!({"id": "1"})).refused_with(200, "KER-ZKC-003");
        let answer = backend.ask_mosip("/zkEncrypt", json!({"id": " ", "zkDataAttributes": [{"identifier": "a"}, null]}));
        let errors: Vec<&str> = answer.body["errors"].as_array().expect("errors").iter().map(|one| one["message"].as_str().expect("a message")).collect();
        let expected = ["id", "zkDataAttributes[0].value", "zkDataAttributes[1].identifier", "zkDataAttributes[1].value"];
        assert_eq!(errors, expected.map(|name| format!("request.{name} should not be null or empty")));
        let many: Vec<(&str, &str)> = vec![("a", "b"); 1001];
        backend.ask_mosip("/zkEncrypt", asked("1", &many)).refused_with(200, "KER-KMS-005");
        backend.ask_mosip("/zkEncrypt", asked("1", &many[..1000])).response();
    }

    fn the_event_says_how_many_and_not_whose(system: &System) {
        let backend = system.mosip("backend");
        recipient(&backend);
        let end = system.log_end();
        let answer = backend.ask_mosip("/zkEncrypt", asked("4711471147", &[("UIN", "a secret value"), ("b", "c")]));
        let event = system.events_of(end, &answer.request_id).is("crypto.encrypt", "done", "").clone();
        assert_eq!((&event["count"], &event["key_version"]), (&json!(2), &json!(1)));
        let text = event.to_string();
        assert!(!text.contains("4711471147") && !text.contains("UIN") && !text.contains("secret"), "{text}");
    }
}

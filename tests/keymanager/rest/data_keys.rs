//! `POST /v1/datakeys` and `POST /v1/datakeys/unwrap`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

on_both! {
    fn a_data_key_comes_back_for_its_context_also_after_a_rotation(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let end = system.log_end();
        let answer = backend.post("/v1/datakeys", json!({"key": key, "context": base64url("file 1")}));
        system.events_of(end, &answer.request_id).is("crypto.datakey", "done", "");
        let made = answer.good();
        assert_eq!(from_base64url(made["plaintext"].as_str().expect("a key")).len(), 32);
        let again = backend.post("/v1/datakeys", json!({"key": key, "context": base64url("file 1")})).good();
        assert_ne!(made["plaintext"], again["plaintext"]);
        system.rotate(&key);
        let asked = json!({"wrapped": made["wrapped"], "context": base64url("file 1")});
        let end = system.log_end();
        let opened = backend.post("/v1/datakeys/unwrap", asked);
        system.events_of(end, &opened.request_id).is("crypto.datakey_unwrap", "done", "");
        assert_eq!(opened.good(), json!({"plaintext": made["plaintext"]}));
        for context in [json!(base64url("file 2")), json!(null)] {
            let asked = json!({"wrapped": made["wrapped"], "context": context});
            backend.post("/v1/datakeys/unwrap", asked).refused(422, "not-opened");
        }
    }

    fn many_are_made_and_unwrapped_under_one_key_at_a_time(system: &System) {
        let (key, other, backend) =
            (system.key("encrypt", "AES-256"), system.key("encrypt", "AES-256"), system.rest("backend"));
        let made = backend.post("/v1/datakeys", json!({"items": [{"key": key}, {"key": key}]})).good();
        let [one, two] = [0, 1].map(|at| made["results"][at].clone());
        assert_ne!(one["plaintext"], two["plaintext"]);
        let items = json!({"items": [{"wrapped": two["wrapped"]}, {"wrapped": one["wrapped"]}]});
        let opened = backend.post("/v1/datakeys/unwrap", items).good();
        assert_eq!(opened["results"][0]["plaintext"], two["plaintext"]);
        assert_eq!(opened["results"][1]["plaintext"], one["plaintext"]);
        let mixed = json!({"items": [{"key": key}, {"key": other}]});
        assert_eq!(backend.post("/v1/datakeys", mixed).refused(400, "invalid-request").body["field"], "key");
        let theirs = backend.post("/v1/datakeys", json!({"key": other})).good();
        let mixed = json!({"items": [{"wrapped": one["wrapped"]}, {"wrapped": theirs["wrapped"]}]});
        assert_eq!(backend.post("/v1/datakeys/unwrap", mixed).refused(400, "invalid-request").body["field"], "key");
    }

    fn a_wrapped_key_of_a_forbidden_key_is_not_found(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let made = backend.post("/v1/datakeys", json!({"key": key})).good();
        let wrapped = json!({"wrapped": made["wrapped"]});
        let theirs = system.rest("other-backend").post("/v1/datakeys/unwrap", wrapped).refused(404, "key-not-found");
        let unknown = backend.post("/v1/datakeys", json!({"key": "nothing"})).refused(404, "key-not-found");
        assert_eq!(theirs.without_request_id(), unknown.without_request_id());
        backend.post("/v1/datakeys/unwrap", json!({"wrapped": "AAAA"})).refused(400, "invalid-request");
    }
}

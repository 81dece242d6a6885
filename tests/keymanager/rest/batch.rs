//! One item or many: the shape of both, and their bounds.

use km_tests::{base64url, on_both};
use serde_json::{Value, json};

on_both! {
    fn an_answer_has_the_shape_of_its_request(system: &System) {
        let (key, backend) = (system.key("mac", "HMAC-SHA-256"), system.rest("backend"));
        let path = format!("/v1/keys/{key}/mac");
        let one = backend.post(&path, json!({"message": "AAAA"})).good();
        let many = backend.post(&path, json!({"items": [{"message": "AAAA"}]})).good();
        assert_eq!(many, json!({"results": [one]}));
    }

    fn a_batch_has_1_to_1000_items(system: &System) {
        let (key, backend) = (system.key("mac", "HMAC-SHA-256"), system.rest("backend"));
        let path = format!("/v1/keys/{key}/mac");
        for count in [0, 1001] {
            let items = vec![json!({"message": "AAAA"}); count];
            let refused = backend.post(&path, json!({"items": items})).refused(400, "malformed-body");
            assert!(refused.body["field"].as_str().is_some_and(|field| field.starts_with("items")), "{}", refused.text());
        }
        let items = vec![json!({"message": "AAAA"}); 1000];
        let results = backend.post(&path, json!({"items": items})).good()["results"].clone();
        assert_eq!(results.as_array().map(Vec::len), Some(1000));
    }

    fn an_item_and_items_are_not_mixed(system: &System) {
        let (key, backend) = (system.key("mac", "HMAC-SHA-256"), system.rest("backend"));
        let path = format!("/v1/keys/{key}/mac");
        for body in [
            json!({"items": [{"message": "AAAA"}], "message": "AAAA"}),
            json!({"items": {"message": "AAAA"}}),
            json!({"items": ["AAAA"]}),
            json!({"items": Value::Null}),
            json!([{"message": "AAAA"}]),
            json!({}),
        ] {
            backend.post(&path, body).refused(400, "malformed-body");
        }
    }

    fn a_batch_of_failures_only_is_a_refused_operation_answered_200(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let bad = json!({"ciphertext": base64url([9; 40])});
        let end = system.log_end();
        let answer = backend.post(&format!("/v1/keys/{key}/decrypt"), json!({"items": [bad, bad]}));
        system.events_of(end, &answer.request_id).is("crypto.decrypt", "refused", "invalid-request");
        let body = answer.good();
        assert_eq!(body["results"][0], body["results"][1]);
        assert_eq!(body["results"][0]["problem"]["field"], "ciphertext");
    }
}

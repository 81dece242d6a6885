//! What is around every request and answer.

use std::time::Duration;

use km_test_support::wait_until;
use km_tests::mosip::{enveloped, to_encrypt};
use km_tests::on_both;
use serde_json::{Value, json};

on_both! {
    fn id_and_version_come_back_as_they_were_sent(system: &System) {
        let backend = system.mosip("backend");
        let request = to_encrypt("REGISTRATION", "ENCRYPT", "Selam");
        for (sent, back) in [
            (json!({"id": "string", "version": "string"}), [json!("string"), json!("string")]),
            (json!({"id": "", "version": "1.0"}), [json!(""), json!("1.0")]),
            (json!({"id": null, "version": null}), [Value::Null, Value::Null]),
            (json!({"id": 7, "version": true}), [json!("7"), json!("true")]),
            (json!({}), [json!(""), json!("")]),
        ] {
            let mut body = sent.clone();
            body["request"] = request.clone();
            let answer = backend.post("/encrypt", body);
            answer.is_envelope();
            assert_eq!([&answer.body["id"], &answer.body["version"]], [&back[0], &back[1]], "{sent}");
            assert_eq!((&answer.body["metadata"], &answer.body["errors"]), (&Value::Null, &Value::Null));
            answer.response();
        }
        let answer = backend.get("/getCertificate?applicationId=OPENG2P");
        answer.is_envelope();
        assert_eq!((&answer.body["id"], &answer.body["version"]), (&Value::Null, &Value::Null));
        // Refusals too.
        let answer = backend.ask_mosip("/encrypt", json!({}));
        assert_eq!((&answer.body["id"], &answer.body["version"]), (&json!("string"), &json!("string")));
    }

    /// C3: whatever the clients' versions send.
    fn every_variant_of_the_clients_is_read(system: &System) {
        let backend = system.mosip("backend");
        let request = to_encrypt("REGISTRATION", "ENCRYPT", "Selam");
        let times = [
            json!("2026-11-22T09:30:00.123Z"), json!("2026-11-22T09:30:00.123"), json!("2026-11-22T09:30:00Z"),
            json!("2026-11-22T09:30:00"), json!("2026-11-22T09:30:00.123456789Z"), json!(""), json!(null),
        ];
        for time in times {
            backend.post("/encrypt", json!({"requesttime": time, "request": request})).response();
        }
        for metadata in [json!({}), json!(null), json!([1, {"a": "b"}]), json!("text")] {
            backend.post("/encrypt", json!({"metadata": metadata, "request": request})).response();
        }
        let mut more = enveloped(request.clone());
        more["unknown"] = json!({"deep": [[[1]]]});
        more["request"]["unknown"] = json!([null]);
        more["request"]["prependThumbprint"] = json!(true);
        backend.post("/encrypt", more).response();
        let answer = backend.send("POST", "/encrypt", Some("application/json; charset=utf-8"), enveloped(request).to_string().into_bytes());
        answer.response();
    }

    fn what_cannot_be_read_is_refused_in_the_envelope(system: &System) {
        let backend = system.mosip("backend");
        for body in ["", "{", "[]", "7", "null", "{\"request\": [}", "\u{feff}{}", "{\"request\":{}} x"] {
            let answer = backend.send("POST", "/encrypt", Some("application/json"), body.as_bytes().to_vec());
            let message = answer.refused_with(200, "KER-KMS-005");
            assert!(body.is_empty() || !message.contains(body), "{message}");
        }
        for body in [json!({}), json!({"request": null}), json!({"id": "x"})] {
            assert_eq!(backend.post("/encrypt", body).refused_with(200, "KER-KMS-005"), "request must not be null");
        }
        for request in [json!([]), json!("text"), json!({"data": {}}), json!({"applicationId": ["A"]})] {
            backend.ask_mosip("/encrypt", request).refused_with(200, "KER-KMS-005");
        }
        let request = to_encrypt("REGISTRATION", "ENCRYPT", "Selam");
        backend.post("/encrypt", json!({"requesttime": "yesterday", "request": request})).refused_with(200, "KER-KMS-005");
        let answer = backend.send("POST", "/encrypt", Some("text/plain"), enveloped(request).to_string().into_bytes());
        answer.refused_with(200, "KER-KMS-005");
    }

    /// C14: what comes in does not stand in an error, nor in the log.
    fn no_value_of_a_request_is_repeated(system: &System) {
        let backend = system.mosip("backend");
        const CANARY: &str = "Q2FuYXJ5LTc0MTk";
        for (member, value) in [("data", json!(format!("{CANARY}!"))), ("applicationId", json!(format!("{CANARY}{CANARY}{CANARY}"))), ("salt", json!([CANARY])), ("timeStamp", json!(CANARY)), ("referenceId", json!(CANARY.repeat(20)))] {
            let mut request = to_encrypt("REGISTRATION", "ENCRYPT", "Selam");
            request[member] = value;
            let answer = backend.ask_mosip("/encrypt", request);
            assert_eq!(answer.body["response"], Value::Null);
            assert!(!answer.text().contains(CANARY), "{member}: {}", answer.text());
        }
        // The log is written after the answer; what is refused leaves a line.
        let last = backend.ask_mosip("/nothing-here", json!({}));
        assert!(wait_until(Duration::from_secs(10), || system.log_of("keymanager").contains(&last.request_id)));
        assert!(!system.log_of("keymanager").contains(CANARY));
        let events = serde_json::to_string(&system.events_from("auditor", 0)).expect("events");
        assert!(!events.contains(CANARY));
    }
}

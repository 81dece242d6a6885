//! `POST /v1/officer/keys` and `POST /v1/officer/keys/{id}/rotate`

use km_tests::system::new_key_id;
use km_tests::{System, on_both};
use serde_json::{Value, json};

fn wanted(purpose: &str, algorithm: &str) -> Value {
    json!({"id": new_key_id(), "purpose": purpose, "algorithm": algorithm, "allow": ["sealkeep-backend"]})
}

fn kinds(system: &System, end: u64, request_id: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let events = system.events_of(end, request_id).0;
    events.iter().map(|event| (text(&event["kind"]), text(&event["outcome"]))).collect()
}

fn pair(kind: &str, outcome: &str) -> (String, String) {
    (kind.to_owned(), outcome.to_owned())
}

on_both! {
    fn every_purpose_and_algorithm_that_fit_make_a_key(system: &System) {
        for (purpose, algorithm) in [
            ("encrypt", "AES-256"), ("mac", "HMAC-SHA-256"), ("sign", "P-256"), ("sign", "P-384"), ("sign", "Ed25519"),
            ("sign", "RSA-2048"), ("decrypt", "RSA-2048"),
        ] {
            let body = wanted(purpose, algorithm);
            let answer = system.officer("officer").post("/v1/officer/keys", body.clone());
            assert_eq!(answer.status, 201, "{purpose} {algorithm}: {}", answer.text());
            assert_eq!(answer.good(), json!({"id": body["id"], "version": 1}));
            let shown = system.rest("backend").get(&format!("/v1/keys/{}", body["id"].as_str().expect("an id"))).good();
            assert_eq!((&shown["purpose"], &shown["algorithm"]), (&json!(purpose), &json!(algorithm)));
        }
    }

    fn what_does_not_fit_makes_none(system: &System) {
        let with = |name: &str, value: Value| {
            let mut body = wanted("sign", "P-256");
            body[name] = value;
            body
        };
        for (body, field) in [
            (wanted("encrypt", "P-256"), "algorithm"),
            (wanted("sign", "AES-256"), "algorithm"),
            (wanted("decrypt", "P-256"), "algorithm"),
            (wanted("mac", "AES-256"), "algorithm"),
            (wanted("key-encryption", "AES-256"), "purpose"),
            (wanted("index", "HMAC-SHA-256"), "purpose"),
            (wanted("ingest", "P-256"), "purpose"),
            (with("allow", json!([])), "allow"),
        ] {
            let end = system.log_end();
            let refused = system.officer("officer").post("/v1/officer/keys", body.clone());
            assert_eq!((refused.status, refused.body["field"].as_str()), (400, Some(field)), "{body} {}", refused.text());
            let events = kinds(system, end, &refused.request_id);
            if refused.code() == "invalid-request" {
                assert_eq!(events, [pair("key.create.outcome", "refused")]);
            }
            let id = body["id"].as_str().expect("an id");
            system.rest("backend").get(&format!("/v1/keys/{id}")).refused(404, "key-not-found");
        }
        for (body, field) in [
            (with("id", json!("Has Blanks")), "id"),
            (with("id", json!("")), "id"),
            (with("id", json!("a".repeat(65))), "id"),
            (with("purpose", json!("spell")), "purpose"),
            (with("algorithm", json!("ROT13")), "algorithm"),
            (with("allow", json!(["sealkeep-emperor"])), "allow[0]"),
            (with("extractable", json!(true)), "extractable"),
        ] {
            let refused = system.officer("officer").post("/v1/officer/keys", body).refused(400, "malformed-body");
            assert_eq!(refused.body["field"], field, "{}", refused.text());
        }
    }

    fn making_leaves_intent_and_outcome_and_an_id_serves_once(system: &System) {
        let body = wanted("encrypt", "AES-256");
        let end = system.log_end();
        let made = system.officer("officer").post("/v1/officer/keys", body.clone());
        assert_eq!(made.status, 201);
        let expected = [pair("key.create.intent", "begun"), pair("key.create.outcome", "done")];
        assert_eq!(kinds(system, end, &made.request_id), expected);
        let end = system.log_end();
        let again = system.officer("second-officer").post("/v1/officer/keys", body).refused(409, "key-exists");
        let expected = [pair("key.create.intent", "begun"), pair("key.create.outcome", "refused")];
        assert_eq!(kinds(system, end, &again.request_id), expected);
    }

    fn a_rotation_leaves_intent_and_outcome_and_counts_up(system: &System) {
        let key = system.key("sign", "P-256");
        for version in 2..5 {
            let end = system.log_end();
            let answer = system.officer("officer").post(&format!("/v1/officer/keys/{key}/rotate"), json!({}));
            let expected = [pair("key.rotate.intent", "begun"), pair("key.rotate.outcome", "done")];
            assert_eq!(kinds(system, end, &answer.request_id), expected);
            assert_eq!(answer.good(), json!({"id": key, "version": version}));
        }
    }

    fn roots_unknown_keys_and_another_tenants_are_not_rotated(system: &System) {
        let key = system.key("sign", "P-256");
        let end = system.log_end();
        let mut bodies = Vec::new();
        for (who, id) in [("other-officer", key.as_str()), ("officer", "nothing"), ("officer", "data-root"), ("officer", "service-root")] {
            let answer = system.officer(who).post(&format!("/v1/officer/keys/{id}/rotate"), json!({}));
            bodies.push(answer.refused(404, "key-not-found").without_request_id());
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
        assert_eq!(system.rest("backend").get(&format!("/v1/keys/{key}")).good()["current_version"], 1);
        let events = system.events_from("auditor", end);
        let refused = events.iter().filter(|event| event["kind"] == "key.rotate.outcome" && event["outcome"] == "refused");
        assert!(refused.count() >= 3);
    }

    fn rotations_at_once_are_one_after_the_other_or_refused(system: &System) {
        let key = system.key("mac", "HMAC-SHA-256");
        let officers: Vec<_> = (0..4).map(|_| system.officer("officer")).collect();
        let path = format!("/v1/officer/keys/{key}/rotate");
        let answers: Vec<_> = std::thread::scope(|scope| {
            let callers: Vec<_> = officers.iter().map(|officer| scope.spawn(|| officer.post(&path, json!({})))).collect();
            callers.into_iter().map(|caller| caller.join().expect("an answer")).collect()
        });
        let made = answers.iter().filter(|answer| answer.status == 200).count();
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(answer.status, 409, "{}", answer.text());
        }
        let shown = system.rest("backend").get(&format!("/v1/keys/{key}")).good();
        let versions = shown["versions"].as_array().expect("versions");
        assert_eq!(versions.len(), made + 1);
        assert_eq!(versions.iter().filter(|version| version["state"] == "active").count(), 1, "{shown:#}");
        system.rest("backend").post(&format!("/v1/keys/{key}/mac"), json!({"message": "AAAA"})).good();
    }
}

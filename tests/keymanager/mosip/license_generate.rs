//! `POST /license/generate`

use km_tests::{Client, on_both};
use serde_json::json;

pub const LATER: &str = "2099-01-01T00:00:00.000Z";

/// A new license key of a provider.
#[track_caller]
pub fn license(client: &Client, provider: &str) -> String {
    let answer =
        client.ask_mosip("/license/generate", json!({"tspId": provider, "licenseExpiryTime": LATER})).response();
    answer["licenseKey"].as_str().expect("a key").to_owned()
}

on_both! {
    fn license_keys_are_told_once_and_kept_nowhere(system: &System) {
        let backend = system.mosip("backend");
        let end = system.log_end();
        let answer = backend.ask_mosip("/license/generate", json!({"tspId": "TSP1", "licenseExpiryTime": LATER}));
        let request_id = answer.request_id.clone();
        let key = answer.response()["licenseKey"].as_str().expect("a key").to_owned();
        assert!(key.len() == 16 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
        assert_ne!(license(&backend, "TSP1"), key);
        let event = system.events_of(end, &request_id).is("crypto.random", "done", "").clone();
        assert!(!event.to_string().contains(&key) && event["object"].as_str().is_some_and(|object| object.ends_with(" of TSP1")), "{event}");
        let rows = system.rows.sql("SELECT tenant, digest, provider, permissions FROM mosip_license");
        assert!(rows.contains("TSP1") && !rows.contains(&key));
    }

    fn what_is_missing_is_named(system: &System) {
        let backend = system.mosip("backend");
        let order = |request| backend.ask_mosip("/license/generate", request);
        for provider in [json!(null), json!(""), json!(" ")] {
            order(json!({"tspId": provider, "licenseExpiryTime": LATER})).refused_with(200, "KER-LKM-001");
        }
        order(json!({"tspId": "TSP1", "licenseExpiryTime": "2020-01-01T00:00:00.000Z"})).refused_with(200, "KER-LKM-008");
        for time in [json!(null), json!("tomorrow")] {
            order(json!({"tspId": "TSP1", "licenseExpiryTime": time})).refused_with(200, "KER-KMS-005");
        }
        order(json!({"tspId": "x".repeat(37), "licenseExpiryTime": LATER})).refused_with(200, "KER-KMS-005");
    }
}

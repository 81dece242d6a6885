//! `POST /v1/random`

use std::collections::BTreeSet;

use km_tests::{from_base64url, on_both};
use serde_json::json;

on_both! {
    fn bytes_are_as_many_as_asked_and_never_the_same(system: &System) {
        let backend = system.rest("backend");
        let end = system.log_end();
        let answer = backend.post("/v1/random", json!({"length": 1}));
        system.events_of(end, &answer.request_id).is("crypto.random", "done", "");
        for length in [1, 32, 1024] {
            let bytes = backend.post("/v1/random", json!({"length": length})).good()["bytes"].clone();
            assert_eq!(from_base64url(bytes.as_str().expect("bytes")).len(), length);
        }
        let drawn = (0..50).map(|_| backend.post("/v1/random", json!({"length": 16})).good()["bytes"].to_string());
        assert_eq!(drawn.collect::<BTreeSet<_>>().len(), 50);
    }

    fn a_length_out_of_bounds_is_refused(system: &System) {
        let backend = system.rest("backend");
        for length in [0, 1025, u32::MAX] {
            let end = system.log_end();
            let refused = backend.post("/v1/random", json!({"length": length})).refused(400, "invalid-request");
            assert_eq!(refused.body["field"], "length");
            system.events_of(end, &refused.request_id).is("crypto.random", "refused", "invalid-request");
        }
        for length in [json!(-1), json!(1.5), json!("16"), json!(null)] {
            backend.post("/v1/random", json!({"length": length})).refused(400, "malformed-body");
        }
    }
}

//! `POST /generateArgon2Hash`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

on_both! {
    /// Computed by argon2-cffi: 10 passes over 64 MiB, 2 lanes.
    fn the_hash_is_another_programs(system: &System) {
        let answer = system.mosip("backend").ask_mosip("/generateArgon2Hash", json!({"inputData": "1234567890", "salt": base64url("0123456789abcdef")}));
        assert_eq!(answer.response(), json!({"hashValue": "zBOIhSCi6rQI86ldurDi57JL1DNAWWMNd49gchW62CE", "salt": base64url("0123456789abcdef")}));
    }

    fn without_a_salt_a_new_one_is_answered_and_gives_the_same_hash(system: &System) {
        let backend = system.mosip("backend");
        let end = system.log_end();
        let first = backend.ask_mosip("/generateArgon2Hash", json!({"inputData": "Selam"}));
        system.events_of(end, &first.request_id).is("crypto.mac", "done", "");
        let first = first.response();
        assert!(from_base64url(first["salt"].as_str().expect("a salt")).len() >= 16);
        assert_eq!(from_base64url(first["hashValue"].as_str().expect("a hash")).len(), 32);
        let again = backend.ask_mosip("/generateArgon2Hash", json!({"inputData": "Selam", "salt": first["salt"]})).response();
        assert_eq!(again, first);
        let other = backend.ask_mosip("/generateArgon2Hash", json!({"inputData": "Selam", "salt": null})).response();
        assert!(other["salt"] != first["salt"] && other["hashValue"] != first["hashValue"]);
    }

    fn salts_that_are_none_are_refused(system: &System) {
        let backend = system.mosip("backend");
        let asked = |salt: &str| backend.ask_mosip("/generateArgon2Hash", json!({"inputData": "x", "salt": salt}));
        assert!(asked("AAAA").refused_with(200, "KER-KMS-005").contains("request.salt"));
        asked("no base64!").refused_with(200, "KER-CRY-003");
        let message = backend.ask_mosip("/generateArgon2Hash", json!({"salt": "AAAAAAAAAAAA"})).refused_with(200, "KER-KMS-005");
        assert_eq!(message, "request.inputData should not be null or empty");
    }
}

//! `GET /v1/status`

use std::time::Duration;

use km_test_support::wait_until;
use km_tests::on_both;

on_both! {
    fn it_shows_the_log_it_has_witnessed_and_what_is_left_on_which_key(system: &System) {
        crate::person(system);
        let client = system.registry("operator");
        let status = client.get("/v1/status").good();
        assert!(status["key_encryption"].as_array().is_some_and(|all| !all.is_empty()), "{status:#}");
        let terms = status["terms"].as_array().expect("terms");
        assert!(terms.iter().any(|one| one["register"] == "individual"
            && one["field"] == "national_id"
            && one["terms"].as_u64() > Some(0)));
        let size = || client.get("/v1/status").good()["log_size"].as_u64().expect("a size");
        let before = size();
        crate::person(system);
        assert!(wait_until(Duration::from_secs(20), || size() > before), "the registry follows the log");
        // It cosigns what it has checked.
        let kept = || {
            system.rows.sql("SELECT count(*) FROM cosignature WHERE witness LIKE '%/registry/registry'").parse::<u64>()
        };
        assert!(wait_until(Duration::from_secs(20), || kept().is_ok_and(|count| count > 0)));
    }
}

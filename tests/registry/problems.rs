//! A refusal of the key manager comes through with its code, field and rule, and a key manager that is away is said to
//! be.

use std::time::Duration;

use km_test_support::wait_until;
use km_tests::people::{definition, draft, national_id};
use km_tests::records::REGISTER;
use km_tests::{now, on_both, on_each};
use serde_json::json;

use crate::RECORDS;

on_both! {
    fn the_key_managers_field_and_rule_reach_the_sender(system: &System) {
        let reader = system.reader("backend");
        let (keys, definition) = (system.service_keys(&reader.tenant), definition(REGISTER));
        let mut bad = draft(&national_id());
        bad.fields.insert("birth_date".into(), json!("canary"));
        let batch = reader.sealer(&keys, &definition).seal_bulk(std::slice::from_ref(&bad), now()).expect("a batch");
        let client = system.registry("backend").with_header("if-none-match", "*");
        let refused =
            client.put(&format!("{RECORDS}/{}", bad.record), json!({"jwe": batch.jwe})).refused(422, "field-invalid");
        assert_eq!(refused.body["field"], "birth_date");
        assert!(refused.body["rule"].is_string() && !refused.text().contains("canary"), "{}", refused.text());
    }
}

on_each! {
    /// Nothing is answered that is not in the log: without the key manager not even a list.
    fn without_the_key_manager_it_answers_503_and_comes_back(database: Database) {
        let system = crate::turn(database);
        let client = system.registry("caseworker");
        client.get(RECORDS).good();
        let ready = |status| system.registry_readiness().is_some_and(|(now, _)| now == status);
        assert!(ready(200));
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        let refused = client.get(RECORDS);
        assert_eq!(refused.status, 503, "{}", refused.text());
        refused.is_problem();
        assert!(!refused.header("retry-after").is_empty());
        system.start_key_manager();
        system.wait_until_ready();
        assert!(
            wait_until(Duration::from_secs(30), || client.get(RECORDS).status == 200),
            "{}",
            client.get(RECORDS).text()
        );
        assert!(wait_until(Duration::from_secs(30), || ready(200)));
    }
}

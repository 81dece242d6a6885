//! `POST …/records/{id}/open`

use std::collections::BTreeMap;

use km_api::records::OpenedRecords;
use km_client::{ClientError, Draft, OpenQuery, Opened, RecordOutcome, Statement};
use km_tests::people::new_id;
use km_tests::records::{fields, register, values};
use km_tests::{on_both, wait};
use serde_json::{Value, json};

use crate::{RECORDS, person, put};

on_both! {
    fn the_reader_gets_the_values_and_the_registry_only_a_jwe(system: &System) {
        let (record, id) = person(system);
        let reader = system.reader("caseworker");
        let request = system.open_request(&reader, &[record], &["national_id", "family_name"]);
        let answer =
            system.registry("caseworker").post(&format!("{RECORDS}/{record}/open"), json!({"request": request.jws}));
        assert!(!answer.text().contains(&id) && !answer.text().contains("Sample"));
        let opened: OpenedRecords = serde_json::from_value(answer.good()).expect("the documented answer");
        let keys = system.service_keys(&reader.tenant);
        let mut checked = request.accept(&reader.key, &keys, &opened).expect("an answer that the client believes");
        let values = values(checked.records.remove(0).outcome).expect("values");
        assert_eq!((&values["national_id"], &values["family_name"]), (&json!(id), &json!("Sample")));
    }

    fn a_request_is_used_once_and_for_its_record(system: &System) {
        let ((record, _), (other, _)) = (person(system), person(system));
        let reader = system.reader("caseworker");
        let client = system.registry("caseworker");
        let request = system.open_request(&reader, &[record], &["national_id"]).jws;
        let misplaced = client.post(&format!("{RECORDS}/{other}/open"), json!({"request": request}));
        assert_eq!((misplaced.status, misplaced.code()), (422, "misplaced"), "{}", misplaced.text());
        let path = format!("{RECORDS}/{record}/open");
        client.post(&path, json!({"request": request})).good();
        let end = system.log_end();
        let replayed = client.post(&path, json!({"request": request})).refused(409, "replayed");
        system.events_of(end, &replayed.request_id).is("record.opened", "refused", "replayed");
    }

    fn who_may_not_and_what_is_not_there_open_nothing(system: &System) {
        let (record, _) = person(system);
        let reader = system.reader("caseworker");
        let path = format!("{RECORDS}/{record}/open");
        let fresh = || system.open_request(&reader, &[record], &["national_id"]).jws;
        for who in ["officer", "auditor", "operator", "nobody"] {
            let end = system.log_end();
            let refused = system.registry(who).post(&path, json!({"request": fresh()})).refused(403, "role-missing");
            let events = system.events_of(end, &refused.request_id).0;
            assert!(
                events.iter().any(|event| event["outcome"] == "refused" && event["reason"] == "role-missing"),
                "{who}: {events:#?}"
            );
        }
        // A stolen token of another person with this reader's request, and with a request of its own.
        system.registry("backend").post(&path, json!({"request": fresh()})).refused(403, "key-not-enrolled");
        let unknown = new_id();
        let request = system.open_request(&reader, &[unknown], &["national_id"]).jws;
        let answer =
            system.registry("caseworker").post(&format!("{RECORDS}/{unknown}/open"), json!({"request": request}));
        assert_eq!((answer.status, answer.code()), (404, "record-unknown"), "{}", answer.text());
        for bad in ["", "canary", "a.b.c", &fresh()[1..]] {
            let refused = system.registry("caseworker").post(&path, json!({"request": bad}));
            assert!((400..500).contains(&refused.status), "{}", refused.text());
            refused.is_problem();
            assert!(!refused.text().contains("canary"));
        }
    }

    /// A right of its own: a backend may ask for every version, a caseworker may not.
    fn history_shows_every_version_to_whoever_may(system: &System) {
        let (record, id) = person(system);
        let mut next = Draft { record, base_version: 1, fields: km_tests::people::fields(&id) };
        next.fields.insert("family_name".into(), json!("Renamed"));
        put(system, &system.reader("backend"), &next).good();
        let ask = |who: &str, history| {
            let query = OpenQuery {
                register: register(),
                records: vec![record],
                fields: fields(&["family_name"]),
                statement: Statement::of("audit"),
                history,
            };
            wait(system.session(who).open_records(query))
        };
        let names = |opened: Opened| -> BTreeMap<u32, Value> {
            let values = opened.records.iter().filter_map(|one| match &one.outcome {
                RecordOutcome::Values { version, values, .. } => {
                    Some((*version, values["family_name"].expose().clone()))
                }
                _ => None,
            });
            values.collect()
        };
        assert_eq!(names(ask("backend", false).expect("values")), [(2, json!("Renamed"))].into());
        assert_eq!(names(ask("backend", true).expect("values")), [(1, json!("Sample")), (2, json!("Renamed"))].into());
        match ask("caseworker", true) {
            Err(ClientError::Refused(problem)) => assert_eq!(problem.code(), "role-missing"),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("a caseworker read history"),
        }
    }
}

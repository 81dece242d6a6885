//! `POST …/records/find`

use km_client::Statement;
use km_tests::people::{definition, national_id};
use km_tests::records::{REGISTER, fields};
use km_tests::{on_both, wait};
use serde_json::{Value, json};

use crate::{RECORDS, person};

on_both! {
    fn a_person_is_found_by_id_and_the_registry_never_sees_it(system: &System) {
        let (record, id) = person(system);
        person(system);
        let reader = system.reader("caseworker");
        let request = system.find_request(&reader, &definition(REGISTER), "national_id", &json!(id));
        let end = system.log_end();
        let answer = system.registry("caseworker").post(&format!("{RECORDS}/find"), json!({"request": request}));
        let events = system.events_of(end, &answer.request_id).0;
        assert!(
            events.iter().any(|event| event["kind"] == "record.found" && event["outcome"] == "done"),
            "{events:#?}"
        );
        assert_eq!(answer.good(), json!({"records": [{"record": record, "version": 1}]}));
        let client = system.registry("caseworker");
        client.post(&format!("{RECORDS}/find"), json!({"request": request})).refused(409, "replayed");
        let request = system.find_request(&reader, &definition(REGISTER), "national_id", &json!(national_id()));
        assert_eq!(client.post(&format!("{RECORDS}/find"), json!({"request": request})).good(), json!({"records": []}));
    }

    fn the_client_opens_what_it_found_and_compares(system: &System) {
        let (record, id) = person(system);
        let session = system.session("caseworker");
        let found = wait(session.find(
            &definition(REGISTER),
            &"national_id".parse().expect("a field"),
            &json!(id),
            &fields(&["family_name"]),
            &Statement::of("service-delivery"),
        ))
        .expect("a person")
        .records;
        assert_eq!(found.len(), 1);
        assert!(found[0].found.record == record && found[0].compared);
    }

    fn who_may_not_find_finds_nothing(system: &System) {
        let (_, id) = person(system);
        let reader = system.reader("caseworker");
        let fresh = || system.find_request(&reader, &definition(REGISTER), "national_id", &json!(id));
        let path = format!("{RECORDS}/find");
        for who in ["officer", "auditor", "operator", "nobody"] {
            system.registry(who).post(&path, json!({"request": fresh()})).refused(403, "role-missing");
        }
        system.registry("backend").post(&path, json!({"request": fresh()})).refused(403, "key-not-enrolled");
        let household = "/v1/registers/household/records/find";
        let refused = system.registry("caseworker").post(household, json!({"request": fresh()}));
        assert_eq!(refused.status, 422, "{}", refused.text());
        for bad in [
            json!({"request": "canary"}),
            json!({"request": Value::Null}),
            json!({"national_id": id, "request": fresh()}),
        ] {
            let refused = system.registry("caseworker").post(&path, bad);
            assert!((400..500).contains(&refused.status), "{}", refused.text());
            refused.is_problem();
            assert!(!refused.text().contains("canary") && !refused.text().contains(&id));
        }
    }
}

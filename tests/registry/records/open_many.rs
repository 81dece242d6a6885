//! `POST …/records/open`

use km_client::{OpenQuery, RecordOutcome, Statement};
use km_tests::people::new_id;
use km_tests::records::{fields, register, values};
use km_tests::{on_both, wait};
use serde_json::json;

use crate::{RECORDS, person};

on_both! {
    fn many_open_in_the_order_of_the_request_and_what_is_not_there_is_said(system: &System) {
        let people: Vec<_> = (0..5).map(|_| person(system)).collect();
        let mut asked: Vec<_> = people.iter().rev().map(|(record, _)| *record).collect();
        let missing = new_id();
        asked.insert(2, missing);
        let session = system.session("caseworker");
        let query = OpenQuery {
            register: register(),
            records: asked.clone(),
            fields: fields(&["national_id"]),
            statement: Statement::of("eligibility"),
            history: false,
        };
        let opened = wait(session.open_records(query)).expect("an answer that the client believes");
        assert_eq!(opened.records.iter().map(|one| one.record).collect::<Vec<_>>(), asked);
        for one in opened.records {
            if one.record == missing {
                assert!(matches!(&one.outcome, RecordOutcome::Refused(_) | RecordOutcome::NotBrought(_)));
                continue;
            }
            let id = &people.iter().find(|(record, _)| *record == one.record).expect("one of ours").1;
            assert_eq!(values(one.outcome).expect("values")["national_id"], json!(id));
        }
    }

    fn a_request_that_is_none_is_refused(system: &System) {
        let client = system.registry("caseworker");
        for bad in ["", "canary", "a.b.c"] {
            let refused =
                client.post(&format!("{RECORDS}/open"), json!({"request": bad})).refused(422, "request-malformed");
            assert!(!refused.text().contains("canary"));
        }
        client.post(&format!("{RECORDS}/open"), json!({"request": 7})).refused(400, "malformed-body");
    }
}

on_both! {
    /// Every version is kept; who has the right reads them all, newest first, each proven.
    fn history_brings_every_version_to_who_may_see_it(system: &System) {
        let (record, id) = person(system);
        let mut next = km_client::Draft { record, base_version: 1, fields: km_tests::people::fields(&id) };
        next.fields.insert("family_name".into(), json!("Renamed"));
        crate::put(system, &system.reader("backend"), &next).good();
        let query = || OpenQuery {
            register: register(),
            records: vec![record],
            fields: fields(&["family_name"]),
            statement: Statement::of("audit"),
            history: true,
        };
        let opened = wait(system.session("backend").open_records(query())).expect("an answer that the client believes");
        let versions = opened.records.into_iter().map(|one| match one.outcome {
            RecordOutcome::Values { version, values, .. } => (version, values["family_name"].expose().clone()),
            RecordOutcome::Refused(code) | RecordOutcome::NotBrought(code) => panic!("{code}"),
        });
        assert_eq!(versions.collect::<Vec<_>>(), [(2, json!("Renamed")), (1, json!("Sample"))]);
        let refused = wait(system.session("caseworker").open_records(query()));
        assert!(matches!(refused, Err(km_client::ClientError::Refused(problem)) if problem.code() == "role-missing"));
        // What the registry withholds is said.
        system.registry_rows.sql(&format!("DELETE FROM sealed_fields WHERE record = '{record}' AND version = 1"));
        system.registry_rows.sql(&format!("DELETE FROM record_versions WHERE record = '{record}' AND version = 1"));
        let opened = wait(system.session("backend").open_records(query())).expect("an answer that the client believes");
        let [current, earlier] = opened.records.as_slice() else { panic!("not two versions") };
        assert!(matches!(current.outcome, RecordOutcome::Values { version: 2, .. }));
        assert!(matches!(&earlier.outcome, RecordOutcome::Refused(code) if code == "version-withheld"));
    }
}

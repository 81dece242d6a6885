//! Requests to open that a registry holds in its hands, and answers that it carries.

use km_client::{ClientError, OpenQuery, RecordOutcome, Statement};
use km_tests::forged::{jws, read};
use km_tests::people::{draft, national_id};
use km_tests::records::{fields, open_message, register};
use km_tests::{base64url, on_both, wait};
use serde_json::json;

use super::holder;

on_both! {
    /// More fields, more records, a longer time, another purpose: whatever is changed was not signed.
    fn a_request_that_was_widened_is_refused(system: &System) {
        let sender = system.reader("backend");
        let [one, two] = [(); 2].map(|()| system.seal(&sender, &draft(&national_id())));
        let (victim, own) = (system.reader("caseworker"), system.new_reader("caseworker", "registrys-own"));
        let registry = system.registry_for(&victim);
        let captured = system.open_request(&victim, &[one.record], &["family_name"]).jws;
        let (header, payload) = read(&captured);
        let parts: Vec<&str> = captured.split('.').collect();
        for (name, value) in [
            ("fields", json!(["family_name", "national_id"])),
            ("records", json!([one.record, two.record])),
            ("history", json!(true)),
            ("exp", json!(payload["exp"].as_i64().expect("a time") + 120)),
            ("purpose", json!("audit")),
            ("nonce", json!(base64url([7; 16]))),
        ] {
            let mut wider = payload.clone();
            wider[name] = value;
            let wider = wider.to_string();
            for request in
                [[parts[0], &base64url(&wider), parts[2]].join("."), jws(&own.key_file, &header, wider.as_bytes())]
            {
                let end = system.log_end();
                let called = registry.open_record(open_message(&request, vec![one.supplied(), two.supplied()]));
                let (_, id) = called.refused("signature-invalid");
                system.events_of(end, &id).is("record.opened", "refused", "signature-invalid");
            }
        }
        // In its own name it is nobody.
        let mine = system.open_request(&own, &[one.record], &["national_id"]).jws;
        let end = system.log_end();
        let (_, id) = registry.open_record(open_message(&mine, vec![one.supplied()])).refused("key-not-enrolled");
        system.events_of(end, &id).is("record.opened", "refused", "key-not-enrolled");
        // The captured request itself is still good: nothing of this used it up.
        registry.open_record(open_message(&captured, vec![one.supplied()])).good();
    }

    fn a_request_is_not_used_a_second_time(system: &System) {
        let stored = system.seal(&system.reader("backend"), &draft(&national_id()));
        let victim = system.reader("caseworker");
        let request = system.open_request(&victim, &[stored.record], &["family_name"]);
        system.open(&victim, &request, vec![stored.supplied()]);
        let end = system.log_end();
        let again = system.registry_for(&victim).open_record(open_message(&request.jws, vec![stored.supplied()]));
        let (_, id) = again.refused("replayed");
        system.events_of(end, &id).is("record.opened", "refused", "replayed");
    }

    /// The answer to an earlier request, kept for the next.
    fn an_answer_is_believed_for_its_own_request_only(system: &System) {
        let stored = system.seal(&system.reader("backend"), &draft(&national_id()));
        let reader = system.reader("caseworker");
        let [first, second] = [(); 2].map(|()| system.open_request(&reader, &[stored.record], &["family_name"]));
        let kept =
            system.registry_for(&reader).open_record(open_message(&first.jws, vec![stored.supplied()])).good().answer;
        assert!(!kept.contains("Sample"));
        assert!(system.accept(&reader, &first, kept.clone()).is_ok());
        match system.accept(&reader, &second, kept) {
            Err(ClientError::NotProven(why)) => assert!(why.contains("another request"), "{why}"),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("the client believed it"),
        }
    }

    /// It says that a record is not there: the reader learns who says so.
    fn a_record_that_is_withheld_shows(system: &System) {
        let [(hidden, _), (shown, _)] = [(); 2].map(|()| holder(system));
        for table in ["index_terms", "sealed_fields", "record_versions", "seal_intents", "records"] {
            system.registry_rows.sql(&format!("DELETE FROM {table} WHERE record = '{hidden}'"));
        }
        let query = OpenQuery {
            register: register(),
            records: vec![hidden, shown],
            fields: fields(&["national_id"]),
            statement: Statement::of("audit"),
            history: false,
        };
        let opened = wait(system.session("caseworker").open_records(query)).expect("an answer");
        // The key manager knows the record, and says under its signature that it was not supplied.
        assert!(matches!(&opened.records[0].outcome, RecordOutcome::Refused(code) if code == "record-withheld"));
        assert!(matches!(&opened.records[1].outcome, RecordOutcome::Values { .. }));
    }
}

//! `DELETE …/records/{id}`

use km_client::{Draft, Statement, erase_request};
use km_tests::people::{draft, national_id};
use km_tests::records::register;
use km_tests::{now, on_both, wait};
use serde_json::json;

use crate::{RECORDS, person, put};

on_both! {
    fn an_erased_record_is_gone_from_every_table_and_stays_gone(system: &System) {
        let ((record, id), (neighbour, _)) = (person(system), person(system));
        let session = system.session("backend");
        let erased =
            wait(session.erase(&register(), record, &Statement::of("erasure-request"))).expect("a certificate");
        assert_eq!(erased.record, record);
        let reader = system.reader("backend");
        let request = system.open_request(&reader, &[record], &["national_id"]).jws;
        let path = format!("{RECORDS}/{record}");
        system
            .registry("backend")
            .post(&format!("{path}/open"), json!({"request": request}))
            .refused(410, "record-erased");
        for table in ["sealed_fields", "index_terms"] {
            assert_eq!(
                system.registry_rows.sql(&format!("SELECT count(*) FROM {table} WHERE record = '{record}'")),
                "0",
                "{table}"
            );
        }
        let listed = system.registry("backend").get(&format!("{RECORDS}?limit=1000")).text();
        assert!(!listed.contains(&record.to_string()) && listed.contains(&neighbour.to_string()));
        // Its id is not used again; its national id is free for another record.
        let again = Draft { record, base_version: 0, fields: draft(&national_id()).fields.clone() };
        let refused = put(system, &reader, &again);
        assert!([410, 412].contains(&refused.status), "{}", refused.text());
        put(system, &reader, &draft(&id)).good();
        let request = system.open_request(&reader, &[neighbour], &["national_id"]).jws;
        system.registry("backend").post(&format!("{RECORDS}/{neighbour}/open"), json!({"request": request})).good();
    }

    /// As after a registry that was killed, or lost its database, between the key manager's half and its own.
    fn an_erasure_that_ended_halfway_is_finished_when_the_record_is_met(system: &System) {
        let (record, id) = person(system);
        let reader = system.reader("backend");
        system.erase(&reader, record).expect("the key manager's half");
        let rows = |table: &str| system.registry_rows.sql(&format!("SELECT count(*) FROM {table} WHERE record = '{record}'"));
        assert_ne!(rows("index_terms"), "0");
        let path = format!("{RECORDS}/{record}");
        let request = system.open_request(&reader, &[record], &["national_id"]).jws;
        let open = json!({"request": request});
        system.registry("backend").post(&format!("{path}/open"), open).refused(410, "record-erased");
        for table in ["sealed_fields", "index_terms", "record_versions"] {
            assert_eq!(rows(table), "0", "{table}");
        }
        put(system, &reader, &draft(&id)).good();
        let again = wait(system.session("backend").erase(&register(), record, &Statement::of("erasure-request")));
        assert_eq!(again.expect("its certificate").record, record);
    }

    fn a_request_of_another_kind_or_record_erases_nothing(system: &System) {
        let ((record, _), (other, _)) = (person(system), person(system));
        let reader = system.reader("backend");
        let client = system.registry("backend");
        let open = system.open_request(&reader, &[record], &["national_id"]).jws;
        let statement = Statement::of("erasure-request");
        let erase_other =
            erase_request(&reader.key, &reader.tenant, &register(), &[other], &statement, now()).expect("a request");
        for bad in [json!({"request": open}), json!({"request": erase_other}), json!({"request": "canary"}), json!({})]
        {
            let refused = client.delete(&format!("{RECORDS}/{record}"), bad);
            assert!((400..500).contains(&refused.status), "{}", refused.text());
            refused.is_problem();
            assert!(!refused.text().contains("canary"));
        }
        let caseworker = system.reader("caseworker");
        let theirs = erase_request(&caseworker.key, &caseworker.tenant, &register(), &[record], &statement, now())
            .expect("a request");
        system
            .registry("caseworker")
            .delete(&format!("{RECORDS}/{record}"), json!({"request": theirs}))
            .refused(403, "role-missing");
        let request = system.open_request(&reader, &[record], &["national_id"]).jws;
        client.post(&format!("{RECORDS}/{record}/open"), json!({"request": request})).good();
    }
}

//! `PUT …/records/{id}`

use km_client::Draft;
use km_tests::people::{definition, draft, national_id, new_id};
use km_tests::records::REGISTER;
use km_tests::{now, on_both, wait};
use serde_json::json;

use crate::{RECORDS, jwe, put};

on_both! {
    fn a_record_is_created_updated_and_counted(system: &System) {
        let sender = system.reader("backend");
        let first = draft(&national_id());
        let created = put(system, &sender, &first);
        assert_eq!((created.status, created.header("etag")), (201, "\"1\""), "{}", created.text());
        let stored = created.good();
        assert_eq!(
            (&stored["record"], &stored["version"], &stored["warnings"]),
            (&json!(first.record), &json!(1), &json!([]))
        );
        put(system, &sender, &first).refused(412, "record-exists");
        let next = |base_version| Draft { record: first.record, base_version, fields: first.fields.clone() };
        let updated = put(system, &sender, &next(1));
        assert_eq!((updated.status, updated.header("etag")), (200, "\"2\""), "{}", updated.text());
        put(system, &sender, &next(1)).refused(412, "version-conflict");
        put(system, &sender, &next(5)).refused(412, "version-conflict");
        let unknown = Draft { record: new_id(), base_version: 1, fields: draft(&national_id()).fields.clone() };
        let refused = put(system, &sender, &unknown);
        assert!([404, 412].contains(&refused.status), "{}", refused.text());
    }

    fn the_receipt_is_the_key_managers_and_the_client_checks_it(system: &System) {
        let session = system.session("backend");
        let definition = definition(REGISTER);
        let stored = wait(session.put(&definition, &draft(&national_id()))).expect("stored, and the receipt holds");
        assert_eq!(stored.version, 1);
    }

    fn a_value_that_must_be_unique_is_in_one_record_only(system: &System) {
        let sender = system.reader("backend");
        let id = national_id();
        let mut first = draft(&id);
        first.fields.insert("passport".into(), json!(format!("P{}", &id[..10])));
        put(system, &sender, &first).good();
        let end = system.log_end();
        let refused = put(system, &sender, &draft(&id)).refused(409, "not-unique");
        assert_eq!(refused.body["field"], "national_id");
        assert!(!refused.text().contains(&id));
        let events = system.events_of(end, &refused.request_id).0;
        assert!(
            events.iter().any(|event| event["outcome"] == "refused" && event["reason"] == "not-unique"),
            "{events:#?}"
        );
        // Where the definition only warns, the record is stored and the sender is told.
        let mut warned = draft(&national_id());
        warned.fields.insert("passport".into(), first.fields["passport"].clone());
        let stored = put(system, &sender, &warned).good();
        assert_eq!(stored["warnings"], json!([{"code": "not-unique", "field": "passport"}]));
        // What was refused left nothing behind: the same record can be stored with its right value.
        put(system, &sender, &draft(&national_id())).good();
    }

    fn many_who_bring_one_value_at_once_leave_one_record(system: &System) {
        let sender = system.reader("backend");
        let id = national_id();
        let drafts: Vec<_> = (0..5).map(|_| draft(&id)).collect();
        let answers: Vec<_> = std::thread::scope(|scope| {
            let callers: Vec<_> = drafts.iter().map(|draft| scope.spawn(|| put(system, &sender, draft))).collect();
            callers.into_iter().map(|caller| caller.join().expect("an answer")).collect()
        });
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:#?}");
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            answer.refused(409, "not-unique");
        }
    }

    fn what_is_no_sealed_record_for_this_place_is_refused(system: &System) {
        let sender = system.reader("backend");
        let client = system.registry("backend").with_header("if-none-match", "*");
        let good = draft(&national_id());
        let sealed = jwe(system, &sender, &good);
        for bad in [
            "",
            "canary",
            "a.b.c.d.e",
            &sealed[1..],
            &sealed.replace('.', ""),
            &format!("{sealed}.AAAA"),
            "{\"national_id\":\"canary\"}",
        ] {
            let refused =
                client.put(&format!("{RECORDS}/{}", good.record), json!({"jwe": bad})).refused(422, "jwe-malformed");
            assert_eq!(refused.body["field"], "jwe");
            assert!(!refused.text().contains("canary"), "{}", refused.text());
        }
        let elsewhere = client.put(&format!("{RECORDS}/{}", new_id()), json!({"jwe": sealed}));
        assert_eq!((elsewhere.status, &elsewhere.body["field"]), (422, &json!("jwe")), "{}", elsewhere.text());
        let household = client.put(&format!("/v1/registers/household/records/{}", good.record), json!({"jwe": sealed}));
        assert_eq!(household.status, 422, "{}", household.text());
        client
            .put(&format!("/v1/registers/nothing/records/{}", good.record), json!({"jwe": sealed}))
            .refused(404, "register-unknown");
        // A record for another version of the definition.
        let mut later = definition(REGISTER);
        later.schema += 1;
        let keys = system.service_keys(&sender.tenant);
        let sealed_later = sender.sealer(&keys, &later).seal(&good, now()).expect("a record that keeps the rules").jwe;
        let refused = client.put(&format!("{RECORDS}/{}", good.record), json!({"jwe": sealed_later}));
        assert_eq!((refused.status, refused.code()), (422, "schema-mismatch"), "{}", refused.text());
        // The version in the header is not the one that was signed.
        let later = system.registry("backend").with_header("if-match", "\"1\"");
        put(system, &sender, &good).good();
        let refused = later.put(&format!("{RECORDS}/{}", good.record), json!({"jwe": jwe(system, &sender, &good)}));
        assert_eq!((refused.status, refused.code()), (422, "version-mismatch"), "{}", refused.text());
    }

    fn a_role_that_may_not_stores_nothing(system: &System) {
        let sender = system.reader("backend");
        let good = draft(&national_id());
        let sealed = jwe(system, &sender, &good);
        for who in ["officer", "auditor", "operator", "nobody"] {
            let client = system.registry(who).with_header("if-none-match", "*");
            let end = system.log_end();
            let refused =
                client.put(&format!("{RECORDS}/{}", good.record), json!({"jwe": sealed})).refused(403, "role-missing");
            let events = system.events_of(end, &refused.request_id).0;
            assert!(
                events.iter().any(|event| event["outcome"] == "refused" && event["reason"] == "role-missing"),
                "{who}: {events:#?}"
            );
        }
        put(system, &sender, &good).good();
    }
}

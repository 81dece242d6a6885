//! `POST …/records`

use km_tests::people::{definition, draft, national_id};
use km_tests::records::REGISTER;
use km_tests::{now, on_both, wait};
use serde_json::{Value, json};

use crate::RECORDS;

on_both! {
    fn a_bulk_is_stored_once_however_often_it_is_sent(system: &System) {
        let session = system.session("backend");
        let definition = definition(REGISTER);
        let drafts: Vec<_> = (0..50).map(|_| draft(&national_id())).collect();
        let statuses = |results: Vec<km_api::records::BulkResult>| -> Vec<Value> {
            results.into_iter().map(|result| serde_json::to_value(result.status).expect("JSON")).collect()
        };
        let first = statuses(wait(session.put_bulk(&definition, &drafts)).expect("stored, and the receipt holds"));
        assert!(first.iter().all(|status| status == "created"), "{first:?}");
        let again = statuses(wait(session.put_bulk(&definition, &drafts)).expect("nothing new"));
        assert!(again.iter().all(|status| status == "exists"), "{again:?}");
    }

    fn a_bad_row_is_refused_alone_and_by_its_field(system: &System) {
        let session = system.session("backend");
        let definition = definition(REGISTER);
        let taken = national_id();
        let mut drafts = vec![draft(&taken), draft(&national_id()), draft(&taken), draft(&national_id())];
        drafts[1].fields.insert("birth_date".into(), json!("canary"));
        let results = wait(session.put_bulk(&definition, &drafts)).expect("results");
        let problems: Vec<_> = results
            .iter()
            .map(|result| result.problem.as_ref().map(|problem| (problem.code().to_owned(), problem.field.clone())))
            .collect();
        assert_eq!(problems[0], None);
        assert_eq!(problems[1], Some(("field-invalid".into(), Some("birth_date".into()))));
        assert_eq!(problems[2], Some(("not-unique".into(), Some("national_id".into()))));
        assert_eq!(problems[3], None);
        assert!(!format!("{results:?}").contains("canary"));
    }

    fn a_list_that_is_none_is_refused(system: &System) {
        let reader = system.reader("backend");
        let client = system.registry("backend");
        let (keys, definition) = (system.service_keys(&reader.tenant), definition(REGISTER));
        let batch = reader.sealer(&keys, &definition).seal_bulk(&[draft(&national_id())], now()).expect("a batch");
        let named = json!([{"record": batch.records[0].record, "version": 1}]);
        for (body, status) in [
            (json!({"items": []}), 400),
            (json!({"items": [{"jwe": batch.jwe, "records": []}]}), 400),
            (json!({"items": [{"jwe": batch.jwe, "records": [{"record": "canary", "version": 1}]}]}), 400),
            (
                json!({"items": [{"jwe": batch.jwe, "records": [{"record": batch.records[0].record, "version": -1}]}]}),
                400,
            ),
            (json!({"items": [{"jwe": batch.jwe, "records": named, "national_id": "canary"}]}), 422),
            (json!([{"jwe": batch.jwe, "records": named}]), 400),
        ] {
            let answer = client.post(RECORDS, body);
            assert_eq!(answer.status, status, "{}", answer.text());
            answer.is_problem();
            assert!(!answer.text().contains("canary"));
        }
        // Members of items are judged one by one.
        let bad = client.post(
            RECORDS,
            json!({"items": [{"jwe": "canary", "records": named}, {"jwe": batch.jwe, "records": named}]}),
        );
        assert!(!bad.text().contains("canary"), "{}", bad.text());
        assert!(bad.status == 200 || bad.status == 422, "{}", bad.text());
    }
}

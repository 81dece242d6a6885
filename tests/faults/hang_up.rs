//! A caller who hangs up in the middle of a change.

use std::time::Duration;

use km_test_support::wait_until;
use km_tests::people::{definition, draft, national_id};
use km_tests::records::REGISTER;
use km_tests::{Options, System, now, on_each, wait};
use serde_json::json;

use super::{RECOVERY, options};

const RECORDS: &str = "/v1/registers/individual/records";

on_each! {
    /// The seal that has begun is stored all the same, so the next try is told that the record exists, and soon.
    fn what_has_begun_is_done(database: Database) {
        let system = System::start(database, Options { faulty_token: Some(""), ..options() });
        let sender = system.reader("backend");
        let (keys, definition) = (system.service_keys(&sender.tenant), definition(REGISTER));
        let person = draft(&national_id());
        let batch = sender.sealer(&keys, &definition).seal(&person, now()).expect("a record that keeps the rules");
        let body = json!({"items": [{"jwe": batch.jwe, "records": [{"record": person.record, "version": 1}]}]});
        let registry = system.registry("backend");

        system.orders("C_WrapKey slow 1000");
        let hung_up = wait(async {
            tokio::time::timeout(Duration::from_millis(500), registry.ask(RECORDS, &body)).await.is_err()
        });
        assert!(hung_up, "the answer came before the caller hung up");
        let path = format!("{RECORDS}/{}", person.record);
        let registry = registry.with_header("if-none-match", "*");
        let again = || registry.put(&path, json!({"jwe": batch.jwe}));
        assert_eq!(again().status, 409, "under way, or there already");
        system.orders("");
        assert!(wait_until(RECOVERY, || again().status == 412), "{}", again().text());
        let request = system.open_request(&system.reader("caseworker"), &[person.record], &["national_id"]);
        system.registry("caseworker").post(&format!("{path}/open"), json!({"request": request.jws})).good();
    }
    /// Nothing is erased after its caller was told 503, and the log does not leave open whether it was.
    fn an_intent_does_not_stay_open(database: Database) {
        let system = System::start(database, Options { faulty_token: Some(""), ..options() });
        let reader = system.reader("backend");
        let record = system.seal(&reader, &draft(&national_id())).record;
        let from = system.log_end();
        system.orders("C_Sign slow 2500");
        system.ask_to_erase(&reader, record).refused("unavailable");
        system.orders("");
        let outcome = || system.events_from("auditor", from).into_iter().find(|event| event["kind"] == "record.erase.outcome");
        assert!(wait_until(RECOVERY, || outcome().is_some()), "the intent stays open");
        let outcome = outcome().expect("an outcome");
        assert_eq!((&outcome["outcome"], &outcome["reason"]), (&json!("failed"), &json!("interrupted")), "{outcome:#}");
        assert_eq!(system.rows.sql("SELECT count(*) FROM open_intent"), "0");
        assert_eq!(system.rows.sql("SELECT count(*) FROM tombstone"), "0");
        assert!(wait_until(RECOVERY, || system.readiness().is_some_and(|(status, _)| status == 200)));
        system.erase(&reader, record).expect("a certificate");
    }
}

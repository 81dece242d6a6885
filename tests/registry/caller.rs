//! Who calls: every route wants a token of the registry's own tenant.

use km_tests::on_both;
use serde_json::json;

use crate::{RECORDS, person};

const ROUTES: [(&str, &str); 4] =
    [("GET", "/v1/status"), ("GET", "/v1/registers"), ("GET", "/v1/registers/individual"), ("GET", RECORDS)];

on_both! {
    fn without_a_token_nothing_is_answered(system: &System) {
        let (record, _) = person(system);
        let more = [
            ("PUT", format!("{RECORDS}/{record}")),
            ("POST", RECORDS.to_owned()),
            ("POST", format!("{RECORDS}/find")),
            ("POST", format!("{RECORDS}/open")),
            ("POST", format!("{RECORDS}/{record}/open")),
            ("DELETE", format!("{RECORDS}/{record}")),
        ];
        for (method, path) in ROUTES.iter().map(|(method, path)| (*method, (*path).to_owned())).chain(more) {
            let answer = system.registry_anyone().send(method, &path, Some("application/json"), b"{}".to_vec());
            assert_eq!((answer.status, answer.code()), (401, "token-missing"), "{method} {path}: {}", answer.text());
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }

    /// The registry of one tenant serves no other's tokens, and never shows that a record is there.
    fn a_token_of_another_tenant_is_refused_everywhere(system: &System) {
        let (record, _) = person(system);
        let theirs = system.reader("other-caseworker");
        let request = system.open_request(&theirs, &[record], &["national_id"]).jws;
        let client = system.registry("other-caseworker");
        let end = system.log_end();
        let mut answers = vec![
            client.get(RECORDS),
            client.post(&format!("{RECORDS}/{record}/open"), json!({"request": request})),
            client.post(&format!("{RECORDS}/find"), json!({"request": request})),
        ];
        answers
            .push(system.registry("other-backend").delete(&format!("{RECORDS}/{record}"), json!({"request": request})));
        for answer in answers {
            assert_eq!((answer.status, answer.code()), (403, "tenant-mismatch"), "{}", answer.text());
            assert!(!answer.text().contains(&record.to_string()));
        }
        let events = system.events_from("auditor", end);
        assert!(events.iter().any(|event| event["reason"] == "tenant-mismatch"), "the refusals are in no log");
    }
}

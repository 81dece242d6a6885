//! A registry that lies: it has the rows, the connection to the key manager and the live tokens of its callers.
//! Everything that it can do with them is refused, or noticed by the client, and stands in the log.

mod guesses;
mod keys;
mod requests;
mod rows;

use std::collections::BTreeMap;

use km_api::records::OpenedRecords;
use km_client::Draft;
use km_domain::RecordId;
use km_tests::System;
use km_tests::people::draft;
use km_tests::records::values;
use serde_json::{Value, json};

use crate::{RECORDS, put};

/// What a reader is told of one record, and under which name the request went.
fn read(system: &System, record: RecordId, names: &[&str]) -> (Result<BTreeMap<String, Value>, String>, String) {
    let reader = system.reader("caseworker");
    let request = system.open_request(&reader, &[record], names);
    let path = format!("{RECORDS}/{record}/open");
    let answer = system.registry("caseworker").post(&path, json!({"request": request.jws}));
    let id = answer.request_id.clone();
    if answer.status != 200 {
        answer.is_problem();
        return (Err(answer.code().to_owned()), id);
    }
    let opened: OpenedRecords = serde_json::from_value(answer.good()).expect("the documented answer");
    let checked = request.accept(&reader.key, &system.service_keys(&reader.tenant), &opened);
    (values(checked.expect("an answer that the client believes").records.remove(0).outcome), id)
}

/// The read is refused so, and an alert for this very request stands in the log.
fn is_alerted(system: &System, what: &str, record: RecordId, code: &str) {
    let end = system.log_end();
    let (outcome, id) = read(system, record, &["national_id", "bank_account"]);
    assert_eq!(outcome, Err(code.to_owned()), "{what}");
    system.events_of(end, &id).is("integrity.alert", "refused", code);
}

/// The person's second year: another family name and another bank account.
fn a_year_later(record: RecordId, national_id: &str) -> Draft {
    let mut next = Draft { record, base_version: 1, fields: draft(national_id).fields.clone() };
    next.fields.insert("family_name".into(), json!("Renamed"));
    next.fields.insert("bank_account".into(), json!("NEWACCOUNT0002"));
    next
}

/// A person with a bank account, and the national id.
fn holder(system: &System) -> (RecordId, String) {
    let id = km_tests::people::national_id();
    let mut person = draft(&id);
    person.fields.insert("bank_account".into(), json!("OLDACCOUNT0001"));
    put(system, &system.reader("backend"), &person).good();
    (person.record, id)
}

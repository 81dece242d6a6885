//! Searches: a registry that alters them, makes its own, or lies about what they found.

use km_client::{ClientError, FoundRecords, RecordOutcome, Statement};
use km_tests::forged::{jws, read};
use km_tests::people::{definition, national_id, new_id};
use km_tests::records::{REGISTER, terms_message};
use km_tests::{System, on_both, wait};
use serde_json::{Value, json};

use super::{holder, rows};

/// Which index terms are of the national id.
const OF_ID: &str = "index_key IN (SELECT id FROM index_keys WHERE field = 'national_id')";

/// What an honest client makes of the registry's answer to a search by national id.
fn find(system: &System, national_id: &str) -> Result<FoundRecords, ClientError> {
    let (field, value) = ("national_id".parse().expect("a field"), json!(national_id));
    wait(system.session("caseworker").find(&definition(REGISTER), &field, &value, &[], &Statement::of("audit")))
}

on_both! {
    /// It holds the victim's token, connection and signed search; the value to be searched for it may choose, not sign.
    fn a_query_that_was_altered_is_refused(system: &System) {
        let (_, id) = holder(system);
        let (victim, own) = (system.reader("caseworker"), system.new_reader("caseworker", "registrys-guess"));
        let registry = system.registry_for(&victim);
        let captured = system.find_request(&victim, &definition(REGISTER), "national_id", &json!(national_id()));
        let (header, payload) = read(&captured);
        // The guess is well sealed: anybody can encrypt to a public key.
        let guess = system.find_request(&own, &definition(REGISTER), "national_id", &json!(id));
        let (_, guessed) = read(&guess);
        let altered = |name: &str, value: &Value| {
            let mut payload = payload.clone();
            payload[name] = value.clone();
            payload
        };
        let parts: Vec<&str> = captured.split('.').collect();
        for (name, value) in [
            ("query", guessed["query"].clone()),
            ("purpose", json!("audit")),
            ("nonce", guessed["nonce"].clone()),
            ("exp", json!(payload["exp"].as_i64().expect("a time") + 60)),
        ] {
            let altered = altered(name, &value);
            for (how, request) in [
                (
                    "under the victim's signature",
                    [parts[0], &km_tests::base64url(altered.to_string()), parts[2]].join("."),
                ),
                ("signed by itself in the victim's name", jws(&own.key_file, &header, altered.to_string().as_bytes())),
            ] {
                let end = system.log_end();
                let called = registry.index_terms(terms_message(&request));
                let (_, id) = called.refused("signature-invalid");
                system.events_of(end, &id).is("record.found", "refused", "signature-invalid");
                println!("{name}, {how}: refused");
            }
        }
        // What was not altered is answered, once.
        registry.index_terms(terms_message(&captured)).good();
    }

    /// A guess of its own, signed with a key of its own: nobody has consented to that key.
    fn a_guess_is_not_searched_for(system: &System) {
        let (_, id) = holder(system);
        let victim = system.reader("caseworker");
        let own = system.new_reader("caseworker", "registrys-guess");
        let guess = || system.find_request(&own, &definition(REGISTER), "national_id", &json!(id));
        let end = system.log_end();
        let (_, refused) =
            system.registry_for(&victim).index_terms(terms_message(&guess())).refused("key-not-enrolled");
        system.events_of(end, &refused).is("record.found", "refused", "key-not-enrolled");
        // Nor does the registry's certificate alone get terms, though the request be the victim's own.
        let request = system.find_request(&victim, &definition(REGISTER), "national_id", &json!(id));
        system.grpc("demo").index_terms(terms_message(&request)).refused("token-missing");
        // Another caller's token does not lend the victim's signature.
        system.registry_for(&system.reader("backend")).index_terms(terms_message(&request)).refused("key-not-enrolled");
    }

    /// The term of the one leads to the other.
    fn a_record_without_the_value_is_noticed_by_the_client(system: &System) {
        let ((record, sought), (other, _)) = (holder(system), holder(system));
        assert_eq!(find(system, &sought).expect("a person").records.len(), 1);
        let terms = &system.registry_rows;
        terms.sql(&format!("DELETE FROM index_terms WHERE record = '{other}' AND {OF_ID}"));
        terms.sql(&format!("UPDATE index_terms SET record = '{other}' WHERE record = '{record}' AND {OF_ID}"));
        let end = system.log_end();
        match find(system, &sought) {
            Err(ClientError::NotProven(why)) => assert!(why.contains("without this value"), "{why}"),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("the client believed it"),
        }
        // What was disclosed on the way stands in the log.
        let events = system.events_from("auditor", end);
        assert!(
            events.iter().any(|event| event["kind"] == "record.opened" && event["outcome"] == "done"),
            "{events:#?}"
        );
    }

    /// A record that nobody ever sealed, beside the one that was sought.
    fn a_record_that_was_invented_stays_closed(system: &System) {
        let ((record, sought), invented) = (holder(system), new_id());
        rows::copy(system, record, invented);
        system.registry_rows.sql(&format!(
            "INSERT INTO index_terms (index_key, term, register, record, uniqueness) \
             SELECT index_key, term, register, '{invented}', 'no' FROM index_terms WHERE record = '{record}' AND {OF_ID}"
        ));
        let end = system.log_end();
        let found = find(system, &sought).expect("an answer").records;
        assert_eq!(found.len(), 2);
        for one in found {
            match one.opened.outcome {
                RecordOutcome::Values { .. } => assert_eq!((one.found.record, one.compared), (record, true)),
                RecordOutcome::Refused(code) => {
                    assert_eq!((one.found.record, code.as_str()), (invented, "record-unknown"))
                }
                RecordOutcome::NotBrought(code) => panic!("not brought: {code}"),
            }
        }
        let events = system.events_from("auditor", end);
        assert!(
            events.iter().any(|event| event["kind"] == "record.opened" && event["reason"] == "record-unknown"),
            "{events:#?}"
        );
    }
}

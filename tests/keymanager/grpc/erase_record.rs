//! `Records.EraseRecord`

use km_client::{Draft, Statement, erase_request};
use km_tests::forged::read;
use km_tests::openssl::verifies;
use km_tests::people::{definition, draft, national_id, new_id};
use km_tests::records::{REGISTER, erase_message, refusal, register, seal_message};
use km_tests::{from_base64url, now, on_both};
use serde_json::json;

on_both! {
    fn an_erased_person_stays_closed_and_a_neighbour_opens(system: &System) {
        let reader = system.reader("backend");
        let id = national_id();
        let (gone, neighbour) = (system.seal(&reader, &draft(&id)), system.seal(&reader, &draft(&national_id())));
        let end = system.log_end();
        system.erase(&reader, gone.record).expect("a certificate");
        let events = system.events_from("auditor", end);
        let ours: Vec<_> = events.iter().filter(|event| event["kind"].as_str().is_some_and(|kind| kind.starts_with("record.erase"))).collect();
        assert!(ours.iter().any(|event| event["kind"] == "record.erase.intent" && event["purpose"] == "erasure-request"));
        assert!(ours.iter().any(|event| event["kind"] == "record.erase.outcome" && event["outcome"] == "done"));
        assert!(!json!(ours).to_string().contains(&gone.record.to_string()));
        assert_eq!(system.read(&reader, &gone, &["national_id"]), Err("record-erased".into()));
        assert!(system.read(&reader, &neighbour, &["national_id"]).is_ok());
        // The id is not used again.
        let keys = system.service_keys(&reader.tenant);
        for base_version in [0, 1] {
            let again = Draft { record: gone.record, base_version, fields: draft(&id).fields.clone() };
            let definition = definition(REGISTER);
            let batch = reader.sealer(&keys, &definition).seal(&again, now()).expect("a record");
            let answer = system.registry_for(&reader).seal_record(seal_message(REGISTER, &batch)).good();
            assert_eq!(refusal(&answer.results[0]).code, "record-erased");
        }
        // Nothing of the subject key is left in the database.
        let record = system.rows.bytes(gone.record.as_bytes());
        for table in ["subject", "subject_history"] {
            assert_eq!(system.rows.sql(&format!("SELECT count(*) FROM {table} WHERE record = {record}")), "0");
        }
        assert_eq!(system.rows.sql(&format!("SELECT count(*) FROM tombstone WHERE record = {record}")), "1");
    }

    fn the_certificate_is_signed_under_the_evidence_root_and_given_again(system: &System) {
        let reader = system.reader("backend");
        let stored = system.seal(&reader, &draft(&national_id()));
        let certificate = system.erase(&reader, stored.record).expect("a certificate");
        let (header, said) = read(&certificate);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("sealkeep-erasure+jws"), &json!("ES256")));
        assert_eq!((&said["record"], &said["subject_key"]), (&json!(stored.record), &json!("destroyed")));
        let (signed, signature) = certificate.rsplit_once('.').expect("a signature");
        let jwk = system.jwk(header["kid"].as_str().expect("a kid"));
        assert_eq!(jwk["purpose"], "evidence-signer");
        assert!(verifies(system.folder(), &jwk, "ES256", signed.as_bytes(), &from_base64url(signature)));
        assert_eq!(system.erase(&reader, stored.record), Ok(certificate.clone()));
        // Offline, with the evidence root alone; under another root, changed, or signed by somebody else it is nothing.
        let root = |name| km_tests::keys::der_of(&system.public(name));
        let erasure = km_client::check_erasure(&certificate, &root("evidence-root.pem"), now()).expect("a certificate that holds");
        assert_eq!((erasure.record, erasure.subject_key.as_str()), (stored.record, "destroyed"));
        assert!(km_client::check_erasure(&certificate, &root("business-root.pem"), now()).is_err());
        let mut other = said.clone();
        other["record"] = json!(km_tests::people::new_id());
        let moved = format!("{}.{}.{signature}", certificate.split('.').next().expect("a header"), km_tests::base64url(other.to_string()));
        assert!(km_client::check_erasure(&moved, &root("evidence-root.pem"), now()).is_err());
        let forged = km_tests::forged::jws(&reader.key_file, &header, said.to_string().as_bytes());
        assert!(km_client::check_erasure(&forged, &root("evidence-root.pem"), now()).is_err());
    }

    fn who_may_not_erase_erases_nothing(system: &System) {
        let (backend, caseworker) = (system.reader("backend"), system.reader("caseworker"));
        let stored = system.seal(&backend, &draft(&national_id()));
        let statement = Statement::of("erasure-request");
        let request = |reader: &km_tests::Reader, records: &[_]| {
            erase_request(&reader.key, &reader.tenant, &register(), records, &statement, now()).expect("a request")
        };
        let end = system.log_end();
        let by_caseworker = erase_message(&request(&caseworker, &[stored.record]), &[stored.record]);
        let (_, id) = system.registry_for(&caseworker).erase_record(by_caseworker).refused("role-missing");
        system.events_of(end, &id).is("record.erase.outcome", "refused", "role-missing");
        // An open request does not erase.
        let open = system.open_request(&backend, &[stored.record], &["national_id"]).jws;
        let registry = system.registry_for(&backend);
        registry.erase_record(erase_message(&open, &[stored.record])).refused("request-malformed");
        registry.erase_record(erase_message(&request(&backend, &[]), &[stored.record])).refused("invalid-request");
        let theirs = system.reader("other-backend");
        let foreign = erase_message(&request(&theirs, &[stored.record]), &[stored.record]);
        let answer = system.registry_for(&theirs).erase_record(foreign).good();
        assert!(matches!(&answer.results[0].outcome, Some(km_proto::v1::erase_result::Outcome::Refusal(refusal)) if refusal.code == "record-unknown"));
        assert!(system.read(&backend, &stored, &["national_id"]).is_ok());
        assert_eq!(system.erase(&backend, new_id()), Err("record-unknown".into()));
    }

    fn a_request_to_erase_is_used_once(system: &System) {
        let reader = system.reader("backend");
        let [one, two] = [0, 1].map(|_| system.seal(&reader, &draft(&national_id())));
        let statement = Statement::of("erasure-request");
        let records = [one.record, two.record];
        let request = erase_request(&reader.key, &reader.tenant, &register(), &records, &statement, now()).expect("a request");
        let registry = system.registry_for(&reader);
        let answer = registry.erase_record(erase_message(&request, &records)).good();
        assert_eq!(answer.results.iter().map(|result| result.record.clone()).collect::<Vec<_>>(), records.map(|id| id.to_string()));
        registry.erase_record(erase_message(&request, &records)).refused("replayed");
    }
}

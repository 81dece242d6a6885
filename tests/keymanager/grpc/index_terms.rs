//! `Records.IndexTerms`

use km_tests::forged::{jws, read};
use km_tests::people::{definition, draft, national_id};
use km_tests::records::{REGISTER, terms_message};
use km_tests::{Options, System, on_both, on_each};
use serde_json::json;

on_both! {
    fn a_value_has_the_terms_of_its_record_however_it_is_written(system: &System) {
        let (sender, reader) = (system.reader("backend"), system.reader("caseworker"));
        let id = national_id().replace(|c: char| c.is_ascii_uppercase(), "7");
        let mut person = draft(&id);
        person.fields.insert("family_name".into(), json!("Ḥāmid Śarmā"));
        person.fields.insert("phones".into(), json!(["+251911223344"]));
        let stored = system.seal(&sender, &person);
        let term = |field: &str| {
            stored.seal.terms.iter().find(|term| term.field == field).expect("a term").term.clone()
        };
        let arabic: String = id.chars().map(|c| c.to_digit(10).and_then(|d| char::from_u32(0x660 + d)).unwrap_or(c)).collect();
        for (field, value) in [
            ("national_id", json!(id)),
            ("national_id", json!(arabic)),
            ("family_name", json!("Ḥāmid Śarmā")),
            ("family_name", json!("ḥĀMID ŚARMĀ")),
            ("phones", json!("+251911223344")),
            ("phones", json!("0911 22 33 44")),
        ] {
            let terms = system.terms(&reader, field, &value);
            assert!(terms.iter().any(|found| found.term == term(field)), "{field} {value}");
        }
        let near = format!("{}{}", &id[..id.len() - 1], if id.ends_with('8') { 9 } else { 8 });
        assert!(system.terms(&reader, "national_id", &json!(near)).iter().all(|found| found.term != term("national_id")));
        // The same text in another field is another term.
        assert!(system.terms(&reader, "functional_id", &json!(id)).iter().all(|found| found.term != term("national_id")));
    }

    fn tenants_have_terms_of_their_own(system: &System) {
        let value = json!(national_id());
        let ours = system.terms(&system.reader("backend"), "national_id", &value);
        let theirs = system.terms(&system.reader("other-backend"), "national_id", &value);
        assert!(!ours.is_empty() && ours.iter().all(|term| theirs.iter().all(|other| other.term != term.term)));
    }

    fn a_query_is_used_once_and_says_nothing_in_the_log(system: &System) {
        let reader = system.reader("caseworker");
        let id = national_id();
        let request = system.find_request(&reader, &definition(REGISTER), "national_id", &json!(id));
        assert!(!request.contains(&id));
        let registry = system.registry_for(&reader);
        let end = system.log_end();
        let called = registry.index_terms(terms_message(&request));
        let event = system.events_of(end, &called.request_id).is("record.found", "done", "").clone();
        assert_eq!(event["fields"], json!(["national_id"]));
        assert!(!event.to_string().contains(&id));
        called.good();
        let end = system.log_end();
        let (_, again) = registry.index_terms(terms_message(&request)).refused("replayed");
        system.events_of(end, &again).is("record.found", "refused", "replayed");
    }

    fn a_query_that_was_altered_or_is_none_is_refused(system: &System) {
        let reader = system.reader("caseworker");
        let registry = system.registry_for(&reader);
        let good = system.find_request(&reader, &definition(REGISTER), "national_id", &json!(national_id()));
        let (header, payload) = read(&good);
        let with_query = |query: serde_json::Value| {
            let mut payload = payload.clone();
            payload["query"] = query;
            payload["nonce"] = json!(km_tests::base64url(format!("{:0>16}", km_tests::call::request_id())));
            jws(&reader.key_file, &header, payload.to_string().as_bytes())
        };
        let jwe = payload["query"].as_str().expect("a query");
        registry.index_terms(terms_message(&with_query(json!(jwe)))).good();
        let mut cut = jwe.to_owned();
        cut.truncate(cut.len() - 4);
        for (what, query, codes) in [
            ("none", json!(null), ["query-malformed", "request-malformed"]),
            ("clear text", json!("{\"field\":\"national_id\",\"value\":\"1\"}"), ["query-malformed", "query-malformed"]),
            ("cut", json!(cut), ["query-malformed", "not-opened"]),
        ] {
            let called = registry.index_terms(terms_message(&with_query(query)));
            let code = km_tests::grpc::code_of(called.result.as_ref().expect_err(what)).to_owned();
            assert!(codes.contains(&code.as_str()), "{what}: {code}");
        }
        // Another query under the reader's signature: the registry searches for a guess.
        let guess = system.find_request(&reader, &definition(REGISTER), "national_id", &json!(national_id()));
        let mut mixed: Vec<_> = good.split('.').map(str::to_owned).collect();
        mixed[1] = guess.split('.').nth(1).expect("a payload").to_owned();
        registry.index_terms(terms_message(&mixed.join("."))).refused("signature-invalid");
    }
}

on_each! {
    /// Whoever can ask for terms can guess values, so asking is counted.
    fn a_caller_asks_so_often_in_a_minute_and_no_more(database: Database) {
        let system = System::start(database, Options { terms_per_minute: 5, ..Options::default() });
        let (one, two) = (system.reader("caseworker"), system.reader("backend"));
        let ask = |reader| {
            let request = system.find_request(reader, &definition(REGISTER), "national_id", &json!(national_id()));
            system.registry_for(reader).index_terms(terms_message(&request))
        };
        // A minute may end while the test counts: of 11 in a row at least one is too many.
        let refused = (0..11).map(|_| ask(&one)).find(|called| called.result.is_err()).expect("a refusal");
        let end = system.log_end().saturating_sub(40);
        system.events_of(end, &refused.request_id).is("record.found", "refused", "budget-used-up");
        let (status, _) = refused.refused("budget-used-up");
        assert_eq!(status.code(), tonic::Code::ResourceExhausted);
        ask(&two).good();
    }
}

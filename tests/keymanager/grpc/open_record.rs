//! `Records.OpenRecord`

use km_client::{Draft, OpenQuery, OpenRequest, Statement};
use km_proto::v1;
use km_tests::forged::{jws, read};
use km_tests::people::{Reader, draft, national_id, new_id};
use km_tests::records::{REGISTER, Stored, fields, open_message, register, values};
use km_tests::{System, now, on_both};
use serde_json::{Value, json};

const NAMES: [&str; 3] = ["national_id", "family_name", "birth_date"];

fn person(system: &System, reader: &Reader) -> (Stored, String) {
    let id = national_id();
    (system.seal(reader, &draft(&id)), id)
}

/// The code with which a record is refused when the registry supplies this, and the alert that it leaves.
fn refusal_of(system: &System, reader: &Reader, record: &Stored, supplied: v1::SealedRecord) -> String {
    let request = system.open_request(reader, &[record.record], &NAMES);
    let end = system.log_end();
    let called = system.registry_for(reader).open_record(open_message(&request.jws, vec![supplied]));
    let id = called.request_id.clone();
    let answer = called.good();
    assert!(!answer.results[0].opened);
    let code = answer.results[0].refusal.clone().expect("a refusal").code;
    let kind =
        if ["record-altered", "stale-version"].contains(&code.as_str()) { "integrity.alert" } else { "record.opened" };
    system.events_of(end, &id).is(kind, "refused", &code);
    // The reader learns it too, signed by the key manager.
    let mut opened = system.accept(reader, &request, answer.answer).expect("an answer");
    assert_eq!(values(opened.records.remove(0).outcome), Err(code.clone()));
    code
}

on_both! {
    fn a_reader_gets_the_fields_asked_for_and_no_other(system: &System) {
        let reader = system.reader("caseworker");
        let (stored, id) = person(system, &system.reader("backend"));
        let end = system.log_end();
        let opened = system.read(&reader, &stored, &NAMES).expect("values");
        let expected = [("birth_date", json!("1984-05-17")), ("family_name", json!("Sample")), ("national_id", json!(id))];
        assert_eq!(opened, expected.map(|(name, value)| (name.to_owned(), value)).into());
        assert_eq!(system.read(&reader, &stored, &["given_name"]).expect("values").len(), 1);
        // One event for each, which says what was read and why, by a handle and not by the record's id.
        let events = system.events_from("auditor", end);
        let events: Vec<_> = events.iter().filter(|event| event["kind"] == "record.opened" && event["fields"] == json!(["given_name"])).collect();
        assert!(!events.is_empty());
        assert_eq!((&events[0]["purpose"], events[0]["subjects"].as_array().map(Vec::len)), (&json!("service-delivery"), Some(1)));
        assert!(!events[0].to_string().contains(&stored.record.to_string()));
    }

    fn the_answer_opens_with_the_readers_key_only_and_names_its_place_in_the_log(system: &System) {
        let (reader, other) = (system.reader("caseworker"), system.reader("backend"));
        let (stored, _) = person(system, &other);
        let request = system.open_request(&reader, &[stored.record], &NAMES);
        let answer = system.registry_for(&reader).open_record(open_message(&request.jws, vec![stored.supplied()])).good();
        assert!(!answer.answer.contains("Sample"));
        let opened = system.accept(&reader, &request, answer.answer.clone()).expect("an answer");
        let index = opened.certified.expect("a certified answer").log_index;
        let event = system.events_from("auditor", index).remove(0);
        assert_eq!((&event["index"], &event["kind"], &event["outcome"]), (&json!(index), &json!("record.opened"), &json!("done")));
        let theirs = system.open_request(&other, &[stored.record], &NAMES);
        assert!(system.accept(&other, &theirs, answer.answer.clone()).is_err(), "another reader's key");
        let later = system.open_request(&reader, &[stored.record], &NAMES);
        assert!(system.accept(&reader, &later, answer.answer).is_err(), "the answer to another request");
    }

    /// Everything that a dishonest registry can do to what it keeps.
    fn what_was_altered_mixed_dropped_or_put_back_is_refused_and_alerted(system: &System) {
        let reader = system.reader("backend");
        let (stored, id) = person(system, &reader);
        let (other, _) = person(system, &reader);
        let mut newer = draft(&id);
        (newer.record, newer.base_version) = (stored.record, 1);
        newer.fields.insert("family_name".into(), json!("Changed"));
        let current = system.seal(&reader, &newer);
        let at = |name: &str| current.seal.fields.iter().position(|field| field.field == name).expect("a field");
        let (national, family, birth) = (at("national_id"), at("family_name"), at("birth_date"));
        let changed = |change: &dyn Fn(&mut v1::SealedRecord)| {
            let mut supplied = current.supplied();
            change(&mut supplied);
            supplied
        };
        let cases: [(&str, v1::SealedRecord); 11] = [
            ("a byte of a value", changed(&|record| *record.fields[family].value.last_mut().expect("bytes") ^= 1)),
            ("two fields swapped", changed(&|record| {
                let value = record.fields[national].value.clone();
                record.fields[national].value = std::mem::replace(&mut record.fields[family].value, value);
            })),
            ("two fields renamed", changed(&|record| {
                record.fields[national].field = "family_name".into();
                record.fields[family].field = "national_id".into();
            })),
            ("a field of last year", changed(&|record| record.fields[family] = stored.seal.fields[family].clone())),
            ("a field of another person", changed(&|record| record.fields[birth] = other.seal.fields[birth].clone())),
            ("a field dropped", changed(&|record| drop(record.fields.remove(family)))),
            ("a field twice", changed(&|record| record.fields.push(record.fields[family].clone()))),
            ("a clear attribute", changed(&|record| record.clear = record.clear.replace("19", "20"))),
            ("a clear attribute more", changed(&|record| record.clear = json!({"admin_code": "ET-01"}).to_string())),
            ("another schema", changed(&|record| record.schema += 1)),
            ("another person's record under this id", v1::SealedRecord { record: current.record.to_string(), version: 2, ..other.supplied() }),
        ];
        for (what, supplied) in cases {
            assert_eq!(refusal_of(system, &reader, &current, supplied), "record-altered", "{what}");
        }
        assert_eq!(refusal_of(system, &reader, &current, stored.supplied()), "stale-version");
        let old_under_the_new_number = v1::SealedRecord { version: 2, ..stored.supplied() };
        assert_eq!(refusal_of(system, &reader, &current, old_under_the_new_number), "record-altered");
        let of_the_future = v1::SealedRecord { version: 3, ..current.supplied() };
        assert_eq!(refusal_of(system, &reader, &current, of_the_future), "stale-version");
        assert_eq!(refusal_of(system, &reader, &current, other.supplied()), "record-withheld");
        assert_eq!(system.read(&reader, &current, &["family_name"]).expect("values")["family_name"], "Changed");
    }

    fn a_record_that_the_registry_invents_or_withholds_shows(system: &System) {
        let reader = system.reader("backend");
        let (stored, _) = person(system, &reader);
        let invented = Stored { record: new_id(), ..stored.clone() };
        assert_eq!(refusal_of(system, &reader, &invented, invented.supplied()), "record-unknown");
        let request = system.open_request(&reader, &[stored.record], &NAMES);
        let opened = system.open(&reader, &request, Vec::new()).records.remove(0);
        assert_eq!(values(opened.outcome), Err("record-withheld".into()));
        // More than was asked for is supplied: it is not opened.
        let (other, _) = person(system, &reader);
        let request = system.open_request(&reader, &[stored.record], &NAMES);
        let opened = system.open(&reader, &request, vec![other.supplied(), stored.supplied()]);
        assert_eq!(opened.records.len(), 1);
        assert_eq!(opened.records[0].record, stored.record);
    }

    fn a_request_is_used_once_in_its_time_and_by_its_signer(system: &System) {
        let (reader, backend) = (system.reader("caseworker"), system.reader("backend"));
        let (stored, _) = person(system, &backend);
        let registry = system.registry_for(&reader);
        let send = |request: &str| registry.open_record(open_message(request, vec![stored.supplied()]));
        let request = system.open_request(&reader, &[stored.record], &NAMES).jws;
        send(&request).good();
        let end = system.log_end();
        let (_, id) = send(&request).refused("replayed");
        system.events_of(end, &id).is("record.opened", "refused", "replayed");

        let (header, payload) = read(&request);
        let fresh = || km_tests::base64url(format!("{:0>16}", km_tests::call::request_id()));
        let forged = |header_change: Value, change: Value| {
            let (mut header, mut payload) = (header.clone(), payload.clone());
            payload["nonce"] = json!(fresh());
            for (into, changes) in [(&mut header, header_change), (&mut payload, change)] {
                for (name, value) in changes.as_object().expect("an object") {
                    into[name] = value.clone();
                }
            }
            jws(&reader.key_file, &header, payload.to_string().as_bytes())
        };
        // The forger itself makes good requests.
        send(&forged(json!({}), json!({}))).good();
        let at = now().seconds();
        for (what, header, change, code) in [
            ("expired", json!({}), json!({"iat": at - 400, "exp": at - 200}), "request-expired"),
            ("of the future", json!({}), json!({"iat": at + 200, "exp": at + 300}), "request-expired"),
            ("six minutes long", json!({}), json!({"iat": at, "exp": at + 360}), "invalid-request"),
            ("ends before it begins", json!({}), json!({"iat": at, "exp": at - 1}), "invalid-request"),
            ("a short nonce", json!({}), json!({"nonce": "AAAA"}), "invalid-request"),
            ("a nonce that is no base64url", json!({}), json!({"nonce": "!".repeat(20)}), "invalid-request"),
            ("another tenant", json!({}), json!({"tenant": "other"}), "tenant-mismatch"),
            ("another register", json!({}), json!({"register": "household"}), "register-mismatch"),
            ("a purpose outside the list", json!({}), json!({"purpose": "curiosity"}), "purpose-refused"),
            ("a name for a case", json!({}), json!({"case": "Amina Diallo"}), "purpose-refused"),
            ("no fields", json!({}), json!({"fields": []}), "invalid-request"),
            ("all fields", json!({}), json!({"fields": ["*"]}), "field-unknown"),
            ("a field that is not there", json!({}), json!({"fields": ["shoe_size"]}), "field-unknown"),
            ("no records", json!({}), json!({"records": []}), "invalid-request"),
            ("an unknown member", json!({}), json!({"role": "sealkeep-officer"}), "request-malformed"),
            ("history for a caseworker", json!({}), json!({"history": true}), "role-missing"),
            ("another type", json!({"typ": "sealkeep-find+jws"}), json!({}), "request-malformed"),
            ("a critical header", json!({"crit": ["exp"]}), json!({}), "request-malformed"),
            ("algorithm none", json!({"alg": "none"}), json!({}), "request-malformed"),
            ("another key's name", json!({"kid": backend.key.kid()}), json!({}), "key-not-enrolled"),
        ] {
            let end = system.log_end();
            let called = send(&forged(header, change));
            let status = called.result.as_ref().err().unwrap_or_else(|| panic!("{what} was not refused"));
            assert_eq!(km_tests::grpc::code_of(status), code, "{what}: {status:?}");
            assert!(!status.message().contains("Diallo"), "{status:?}");
            system.events_of(end, &called.request_id).is("record.opened", "refused", code);
        }
        // A request that was widened after it was signed.
        let mut parts: Vec<String> = request.split('.').map(str::to_owned).collect();
        let mut wider = payload.clone();
        (wider["fields"], wider["nonce"]) = (json!(["national_id", "phones"]), json!(fresh()));
        parts[1] = km_tests::base64url(wider.to_string());
        send(&parts.join(".")).refused("signature-invalid");
        // Repeated members mean different things to different readers.
        let twice = payload.to_string().replacen('{', "{\"purpose\":\"audit\",", 1);
        send(&jws(&reader.key_file, &header, twice.as_bytes())).refused("request-malformed");
        // Somebody else's token with this reader's request.
        let stolen = system.open_request(&reader, &[stored.record], &NAMES).jws;
        system.registry_for(&backend).open_record(open_message(&stolen, vec![stored.supplied()])).refused("key-not-enrolled");
    }

    fn a_field_that_the_role_may_not_read_refuses_the_request(system: &System) {
        let backend = system.reader("backend");
        let (stored, _) = person(system, &backend);
        let request = system.open_request(&backend, &[stored.record], &["national_id", "pregnant"]).jws;
        let (status, _) =
            system.registry_for(&backend).open_record(open_message(&request, vec![stored.supplied()])).refused("invalid-request");
        assert!(status.message().contains("pregnant"), "{status:?}");
        let caseworker = system.reader("caseworker");
        assert!(system.read(&caseworker, &stored, &["national_id", "pregnant"]).is_ok());
    }

    fn history_is_a_right_of_its_own_and_proves_old_versions(system: &System) {
        let reader = system.reader("backend");
        let (first, id) = person(system, &reader);
        let mut second = draft(&id);
        (second.record, second.base_version) = (first.record, 1);
        second.fields.insert("family_name".into(), json!("Changed"));
        let current = system.seal(&reader, &second);
        let history = || {
            let query = OpenQuery {
                register: register(), records: vec![first.record], fields: fields(&["family_name"]),
                statement: Statement::of("audit"), history: true,
            };
            OpenRequest::new(&reader.key, &reader.tenant, query, now()).expect("a request")
        };
        // Newest first, every one of them: what the registry leaves out is said.
        let read = |supplied: Vec<v1::SealedRecord>| {
            let opened = system.open(&reader, &history(), supplied).records.into_iter();
            opened.map(|one| values(one.outcome).map(|values| values["family_name"].clone())).collect::<Vec<_>>()
        };
        let whole = [Ok(json!("Changed")), Ok(json!("Sample"))];
        assert_eq!(read(vec![first.supplied(), current.supplied()]), whole);
        let end = system.log_end();
        assert_eq!(read(vec![first.supplied()]), [Err("version-withheld".into()), Ok(json!("Sample"))]);
        let events = system.events_from("auditor", end);
        let reasons: Vec<_> = events.iter().map(|event| (event["kind"].as_str(), event["reason"].as_str())).collect();
        for expected in [(Some("record.opened"), None), (Some("integrity.alert"), Some("version-withheld"))] {
            assert!(reasons.contains(&expected), "{expected:?} is not in {reasons:?}");
        }
        let mut altered = first.supplied();
        altered.fields.pop();
        assert_eq!(read(vec![altered, current.supplied()]), [Ok(json!("Changed")), Err("record-altered".into())]);
    }

    /// A seal that the registry never stored is withdrawn; then the former version is the current one again.
    fn a_withdrawn_seal_gives_way_to_the_version_before(system: &System) {
        let reader = system.reader("backend");
        let (first, id) = person(system, &reader);
        let update = Draft { record: first.record, base_version: 1, fields: draft(&id).fields.clone() };
        let second = system.seal(&reader, &update);
        assert_eq!(system.read(&reader, &first, &NAMES), Err("stale-version".into()));
        let settle = |confirmed: &[u32], withdrawn: &[u32]| {
            let name = |version: &u32| v1::RecordVersion { register: REGISTER.into(), record: first.record.to_string(), version: *version };
            let settlement = v1::Settlement {
                confirmed: confirmed.iter().map(name).collect(), withdrawn: withdrawn.iter().map(name).collect(),
            };
            system.grpc("demo").seal_record(v1::SealRecordRequest { settlement: Some(settlement), ..Default::default() })
        };
        settle(&[], &[2]).good();
        assert!(system.read(&reader, &first, &NAMES).is_ok());
        assert_eq!(system.read(&reader, &second, &NAMES), Err("stale-version".into()));
        let third = system.seal(&reader, &update);
        settle(&[2], &[]).good();
        settle(&[], &[2]).good();
        assert!(system.read(&reader, &third, &NAMES).is_ok());
    }
}

//! `Records.SealRecord`

use km_client::Draft;
use km_domain::register::RegisterDefinition;
use km_proto::v1;
use km_tests::people::{Reader, definition, draft, fields, national_id, new_id};
use km_tests::records::{REGISTER, refusal, seal_message, sealed};
use km_tests::{System, base64url, from_base64url, now, on_both};
use serde_json::{Value, json};

/// The refusals of a batch that the client did not check, as the definition given would have it.
fn refused(system: &System, reader: &Reader, definition: &RegisterDefinition, drafts: &[Draft]) -> Vec<v1::Refusal> {
    let keys = system.service_keys(&reader.tenant);
    let batch = reader.sealer(&keys, definition).seal_bulk(drafts, now()).expect("a batch");
    let answer = system.registry_for(reader).seal_record(seal_message(REGISTER, &batch)).good();
    assert_eq!(answer.receipts, [""], "no receipt for what was not sealed");
    answer.results.iter().map(refusal).collect()
}

on_both! {
    fn a_record_is_sealed_field_by_field_and_nothing_of_it_shows(system: &System) {
        let reader = system.reader("backend");
        let id = national_id();
        let mut person = draft(&id);
        person.fields.insert("admin_code".into(), json!("ET-03-12"));
        person.fields.insert("phones".into(), json!(["+251911223344"]));
        let end = system.log_end();
        let stored = system.seal(&reader, &person);
        let mut names: Vec<_> = stored.seal.fields.iter().map(|field| field.field.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["birth_date", "display_name", "family_name", "given_name", "national_id", "phones"]);
        let clear: Value = serde_json::from_str(&stored.seal.clear).expect("JSON");
        assert_eq!(clear, json!({"admin_code": "ET-03-12", "birth_year_band": clear["birth_year_band"]}));
        assert!(!clear["birth_year_band"].to_string().contains("1984"), "{clear}");
        for field in &stored.seal.fields {
            for word in [id.as_str(), "Sample", "Person", "1984", "911223344"] {
                assert!(!field.value.windows(word.len()).any(|bytes| bytes == word.as_bytes()), "{}", field.field);
            }
        }
        let mut indexed: Vec<_> = stored.seal.terms.iter().map(|term| term.field.as_str()).collect();
        // One that must be unique has a term under each live version of its index key.
        indexed.sort_unstable();
        indexed.dedup();
        assert_eq!(indexed, ["birth_date", "display_name", "family_name", "given_name", "national_id", "phones"]);
        assert!(stored.seal.terms.iter().all(|term| term.kind == "exact" && term.term.len() == 16));
        let unique = stored.seal.terms.iter().find(|term| term.field == "national_id").map(|term| term.unique.as_str());
        assert_eq!(unique, Some("refuse"));
        // The log knows the person by a handle of its own and neither by the record's id nor by a value.
        let events = system.events_from("auditor", end);
        let event = events.iter().find(|event| event["index"] == stored.seal.log_index).expect("the event");
        assert_eq!((&event["kind"], &event["outcome"]), (&json!("record.sealed"), &json!("done")));
        assert_eq!(event["subjects"].as_array().map(Vec::len), Some(1));
        let text = event.to_string();
        for word in [id.as_str(), "Sample", "1984", &stored.record.to_string(), &stored.record.to_string().replace('-', "")] {
            assert!(!text.contains(word), "{text}");
        }
    }

    fn the_same_values_seal_to_other_bytes_and_the_same_terms(system: &System) {
        let reader = system.reader("backend");
        let mut one = draft(&national_id());
        one.fields.remove("national_id");
        let two = Draft { record: new_id(), base_version: 0, fields: one.fields.clone() };
        let (one, two) = (system.seal(&reader, &one), system.seal(&reader, &two));
        for (a, b) in one.seal.fields.iter().zip(&two.seal.fields) {
            assert_eq!(a.field, b.field);
            assert_ne!(a.value, b.value, "{}", a.field);
        }
        assert_eq!(one.seal.terms, two.seal.terms);
    }

    fn a_bulk_is_sealed_in_order_under_one_signature_and_one_receipt(system: &System) {
        let reader = system.reader("backend");
        let (keys, definition) = (system.service_keys(&reader.tenant), definition(REGISTER));
        let sealer = reader.sealer(&keys, &definition);
        let mut drafts: Vec<_> = (0..20).map(|_| draft(&national_id())).collect();
        drafts[7].fields.insert("birth_date".into(), json!("not-a-date-canary"));
        let batch = sealer.seal_bulk(&drafts, now()).expect("a batch");
        let answer = system.registry_for(&reader).seal_record(seal_message(REGISTER, &batch)).good();
        assert_eq!(answer.results.len(), 20);
        for (at, (result, draft)) in answer.results.iter().zip(&drafts).enumerate() {
            assert_eq!(result.record, draft.record.to_string());
            if at == 7 {
                let refusal = refusal(result);
                assert_eq!((refusal.code.as_str(), refusal.field.as_str()), ("field-invalid", "birth_date"));
                assert!(!format!("{refusal:?}").contains("canary"), "{refusal:?}");
            } else {
                assert_eq!(sealed(result).version, 1);
            }
        }
        let receipt = km_client::check_receipt(&answer.receipts[0], &sealer, &keys, &batch).expect("a receipt");
        assert_eq!(receipt.records.len(), 19);
        assert!(receipt.records.iter().all(|named| named.record != drafts[7].record));
    }

    fn versions_count_up_one_by_one(system: &System) {
        let reader = system.reader("backend");
        let first = draft(&national_id());
        assert_eq!(system.seal(&reader, &first).version, 1);
        let definition = definition(REGISTER);
        let next = |base_version| Draft { record: first.record, base_version, fields: first.fields.clone() };
        let code = |base_version| refused(system, &reader, &definition, &[next(base_version)]).remove(0).code;
        assert_eq!(code(0), "record-exists");
        assert_eq!(code(2), "version-conflict");
        assert_eq!(system.seal(&reader, &next(1)).version, 2);
        assert_eq!(code(1), "version-conflict");
        assert_eq!(system.seal(&reader, &next(2)).version, 3);
        let unknown = Draft { record: new_id(), base_version: 1, fields: fields(&national_id()) };
        assert_eq!(refused(system, &reader, &definition, &[unknown]).remove(0).code, "version-conflict");
        let twice = [draft(&national_id()), draft(&national_id())];
        let twice = [Draft { record: twice[1].record, base_version: 0, fields: twice[0].fields.clone() }, Draft {
            record: twice[1].record, base_version: 0, fields: twice[1].fields.clone(),
        }];
        let keys = system.service_keys(&reader.tenant);
        let batch = reader.sealer(&keys, &definition).seal_bulk(&twice, now()).expect("a batch");
        let answer = system.registry_for(&reader).seal_record(seal_message(REGISTER, &batch)).good();
        sealed(&answer.results[0]);
        assert_eq!(refusal(&answer.results[1]).code, "record-twice");
    }

    /// Field rules hold in the key zone whatever the client checked, and no refusal repeats a value.
    fn fields_that_break_a_rule_are_named_and_their_values_are_not(system: &System) {
        let reader = system.reader("backend");
        let definition = definition(REGISTER);
        for (field, value) in [
            ("national_id", json!("canary not an id!")),
            ("national_id", json!(7)),
            ("birth_date", json!("canary")),
            ("sex", json!("canary")),
            ("phones", json!("+251911223344")),
            ("phones", json!(["canary"])),
            ("display_name", json!("canary".repeat(40))),
            ("display_name", Value::Null),
            ("no_such_field", json!("canary")),
            ("admin_code", json!("canary free text")),
            ("registration_status", json!("canary")),
            ("income", json!(-1)),
        ] {
            let mut bad = draft(&national_id());
            bad.fields.insert(field.into(), value.clone());
            let refusal = refused(system, &reader, &definition, &[bad]).remove(0);
            assert_eq!((refusal.code.as_str(), refusal.field.split('[').next()), ("field-invalid", Some(field)), "{value}: {refusal:?}");
            assert!(!refusal.rule.is_empty() && !format!("{refusal:?}").contains("canary"), "{refusal:?}");
        }
        let mut bad = draft(&national_id());
        bad.fields.remove("display_name");
        let refusal = refused(system, &reader, &definition, &[bad]).remove(0);
        assert_eq!((refusal.code.as_str(), refusal.field.as_str()), ("field-invalid", "display_name"));
    }

    fn a_record_is_for_its_id_version_register_schema_and_tenant(system: &System) {
        let reader = system.reader("backend");
        let keys = system.service_keys(&reader.tenant);
        let definition = definition(REGISTER);
        let registry = system.registry_for(&reader);
        let batch = || reader.sealer(&keys, &definition).seal(&draft(&national_id()), now()).expect("a record");
        let code = |message: v1::SealRecordRequest| {
            let end = system.log_end();
            let called = registry.seal_record(message);
            let request_id = called.request_id.clone();
            let code = refusal(&called.good().results[0]).code;
            system.events_of(end, &request_id).is("record.sealed", "refused", &code);
            code
        };
        let mut another_record = seal_message(REGISTER, &batch());
        another_record.items[0].records[0].record = new_id().to_string();
        assert_eq!(code(another_record), "record-mismatch");
        let mut another_version = seal_message(REGISTER, &batch());
        another_version.items[0].records[0].version = 2;
        assert_eq!(code(another_version), "version-mismatch");
        assert_eq!(code(seal_message("household", &batch())), "register-mismatch");
        let mut more_records = seal_message(REGISTER, &batch());
        let named = more_records.items[0].records[0].clone();
        more_records.items[0].records.push(named);
        assert_eq!(code(more_records), "record-mismatch");

        let mut newer = definition.clone();
        newer.schema += 1;
        let refusals = refused(system, &reader, &newer, &[draft(&national_id())]);
        assert_eq!(refusals[0].code, "schema-mismatch");

        // A record of the other tenant, carried to us by its own sender's token and by ours.
        let theirs = system.reader("other-backend");
        let their_keys = system.service_keys(&theirs.tenant);
        let foreign = theirs.sealer(&their_keys, &definition).seal(&draft(&national_id()), now()).expect("a record");
        assert!(["ingest-key-unknown", "not-opened", "tenant-mismatch"].contains(&code(seal_message(REGISTER, &foreign)).as_str()));
        let crossed = km_client::Sealer { key: &reader.key, ingest: keys.ingest(), tenant: &theirs.tenant, definition: &definition };
        let crossed = crossed.seal(&draft(&national_id()), now()).expect("a record");
        assert_eq!(code(seal_message(REGISTER, &crossed)), "tenant-mismatch");
    }

    fn only_a_jwe_of_the_accepted_form_is_taken(system: &System) {
        let reader = system.reader("backend");
        let keys = system.service_keys(&reader.tenant);
        let definition = definition(REGISTER);
        let registry = system.registry_for(&reader);
        let code = |change: &dyn Fn(&mut String)| {
            let mut batch = reader.sealer(&keys, &definition).seal(&draft(&national_id()), now()).expect("a record");
            change(&mut batch.jwe);
            let refusal = refusal(&registry.seal_record(seal_message(REGISTER, &batch)).good().results[0]);
            assert!(!format!("{refusal:?}").contains("canary"), "{refusal:?}");
            refusal.code
        };
        let header = |changes: Value| {
            move |jwe: &mut String| {
                let (head, rest) = jwe.split_once('.').expect("a header");
                let mut header: Value = serde_json::from_slice(&from_base64url(head)).expect("JSON");
                for (name, value) in changes.as_object().expect("an object") {
                    header[name] = value.clone();
                }
                *jwe = format!("{}.{rest}", base64url(header.to_string()));
            }
        };
        for (what, change) in [
            ("clear text", Box::new(|jwe: &mut String| *jwe = json!({"national_id": "canary"}).to_string()) as Box<dyn Fn(&mut String)>),
            ("nothing", Box::new(|jwe: &mut String| jwe.clear())),
            ("a JWS", Box::new(|jwe: &mut String| *jwe = "AAAA.AAAA.AAAA".into())),
            ("four parts", Box::new(|jwe: &mut String| jwe.truncate(jwe.rfind('.').expect("a dot")))),
            ("six parts", Box::new(|jwe: &mut String| jwe.push_str(".AAAA"))),
            ("dir", Box::new(header(json!({"alg": "dir"})))),
            ("RSA1_5", Box::new(header(json!({"alg": "RSA1_5"})))),
            ("A128GCM", Box::new(header(json!({"enc": "A128GCM"})))),
            ("crit", Box::new(header(json!({"crit": ["exp"]})))),
            ("zip", Box::new(header(json!({"zip": "DEF"})))),
            ("p2c", Box::new(header(json!({"p2c": 1000, "p2s": "AAAA"})))),
            ("another curve", Box::new(header(json!({"epk": {"kty": "EC", "crv": "P-384", "x": "AAAA", "y": "AAAA"}})))),
        ] {
            assert_eq!(code(&*change), "jwe-malformed", "{what}");
        }
        // On the curve before the token sees it; and a changed header, body or tag does not open.
        let off_curve = code(&header(json!({"epk": {"kty": "EC", "crv": "P-256", "x": base64url([1; 32]), "y": base64url([1; 32])}})));
        assert!(["jwe-malformed", "not-opened"].contains(&off_curve.as_str()), "{off_curve}");
        assert_eq!(code(&header(json!({"apu": "QQ"}))), "not-opened");
        assert_eq!(code(&header(json!({"canary": "x"}))), "jwe-malformed");
        assert_eq!(code(&header(json!({"kid": "ingest.9"}))), "ingest-key-unknown");
        assert_eq!(code(&header(json!({"kid": "answer.1"}))), "ingest-key-unknown");
        assert_eq!(code(&header(json!({"register": "household"}))), "register-mismatch");
        assert_eq!(code(&header(json!({"record": new_id().to_string()}))), "record-mismatch");
        assert_eq!(code(&header(json!({"typ": "sealkeep-query+jwe"}))), "invalid-request");
        let last = |jwe: &mut String| {
            let flipped = if jwe.ends_with('A') { "Q" } else { "A" };
            jwe.replace_range(jwe.len() - 1.., flipped);
        };
        // The last character of a tag carries bits that base64 ignores or refuses: either way nothing opens.
        assert!(["not-opened", "jwe-malformed"].contains(&code(&last).as_str()));
    }

    fn a_record_is_signed_by_a_key_that_is_enrolled_for_the_caller(system: &System) {
        let reader = system.reader("backend");
        let keys = system.service_keys(&reader.tenant);
        let definition = definition(REGISTER);
        let by = |signer: &Reader| {
            let sealer = km_client::Sealer { key: &signer.key, ingest: keys.ingest(), tenant: &reader.tenant, definition: &definition };
            let batch = sealer.seal(&draft(&national_id()), now()).expect("a record");
            refusal(&system.registry_for(&reader).seal_record(seal_message(REGISTER, &batch)).good().results[0]).code
        };
        assert_eq!(by(&system.new_reader("backend", "nobody-knows-it")), "key-not-enrolled");
        let waiting = system.new_reader("backend", "still-waiting");
        system.enrol(&waiting);
        assert_eq!(by(&waiting), "key-not-enrolled");
        assert_eq!(by(&system.reader("caseworker")), "key-not-enrolled");
    }

    /// A JWE that somebody kept and sends again.
    fn a_replayed_record_seals_nothing(system: &System) {
        let reader = system.reader("backend");
        let keys = system.service_keys(&reader.tenant);
        let definition = definition(REGISTER);
        let first = draft(&national_id());
        system.seal(&reader, &first);
        let update = Draft { record: first.record, base_version: 1, fields: first.fields.clone() };
        let batch = reader.sealer(&keys, &definition).seal(&update, now()).expect("a record");
        let registry = system.registry_for(&reader);
        sealed(&registry.seal_record(seal_message(REGISTER, &batch)).good().results[0]);
        registry.seal_record(seal_message(REGISTER, &batch)).refused("replayed");
        // Withdrawn, the record stands where it stood before; the kept JWE fits again, but its nonce is used up.
        let withdrawn = v1::Settlement {
            withdrawn: vec![v1::RecordVersion { register: REGISTER.into(), record: first.record.to_string(), version: 2 }],
            ..Default::default()
        };
        registry.seal_record(v1::SealRecordRequest { settlement: Some(withdrawn), ..Default::default() }).good();
        registry.seal_record(seal_message(REGISTER, &batch)).refused("replayed");
        assert_eq!(system.seal(&reader, &update).version, 2, "a new message of the same sender is taken");
    }
}

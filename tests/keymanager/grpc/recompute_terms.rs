//! `Records.RecomputeTerms`

use std::collections::BTreeSet;

use km_proto::v1;
use km_tests::people::{draft, national_id, new_id};
use km_tests::records::{REGISTER, Stored};
use km_tests::{System, on_both};
use serde_json::json;

fn recompute(system: &System, tenant: &str, records: Vec<v1::SealedRecord>) -> Vec<v1::RecomputedTerms> {
    let message = v1::RecomputeTermsRequest { register: REGISTER.into(), records };
    system.grpc(tenant).recompute_terms(message).good().results
}

fn national(terms: &[v1::IndexTerm]) -> Vec<v1::IndexTerm> {
    terms.iter().filter(|term| term.field == "national_id").cloned().collect()
}

on_both! {
    /// The whole rotation of an index key: the old term is still found, the recomputed one is the new.
    fn after_a_rotation_of_the_index_key_terms_are_made_anew(system: &System) {
        let reader = system.reader("backend");
        let id = national_id();
        let stored = system.seal(&reader, &draft(&id));
        let before = national(&stored.seal.terms);
        let keys = system.rest("backend").get("/v1/keys").good();
        let index = system.officer("officer").get("/v1/officer/rewrap").good()["index"].clone();
        assert!(index.as_array().is_some_and(|all| all.iter().any(|one| one["field"] == "national_id")));
        let key = keys["keys"].as_array().expect("keys").iter().find(|key| {
            key["purpose"] == "index" && key["id"].as_str().is_some_and(|id| id.contains("individual") && id.contains("national_id"))
        });
        let key = key.expect("the index key")["id"].as_str().expect("an id").to_owned();
        let version = u32::try_from(system.rotate(&key)).expect("a version");
        let found = national(&system.terms(&reader, "national_id", &json!(id)));
        assert!(found.contains(&v1::IndexTerm { unique: before[0].unique.clone(), ..before[0].clone() }), "the old term is still asked for");
        let newest: Vec<_> = found.iter().filter(|term| term.version >= version).collect();
        assert!(!newest.is_empty() && newest[0].term != before[0].term);
        let results = recompute(system, "demo", vec![stored.supplied()]);
        let fresh = national(&results[0].terms);
        assert!(fresh[0].version >= version && found.contains(&fresh[0]), "{fresh:?}");
        // One term a field, of the newest key.
        let fields: BTreeSet<_> = stored.seal.terms.iter().map(|term| &term.field).collect();
        assert_eq!((results[0].terms.len(), fresh.len()), (fields.len(), 1));
        // A value that must be unique is compared with records under older keys too.
        let again = national(&system.seal(&reader, &draft(&national_id())).seal.terms);
        assert!(again.iter().any(|term| term.version >= version) && again.iter().any(|term| term.version < version), "{again:?}");
    }

    fn altered_old_and_foreign_records_get_no_terms(system: &System) {
        let reader = system.reader("backend");
        let stored = system.seal(&reader, &draft(&national_id()));
        let mut altered = stored.supplied();
        *altered.fields[0].value.last_mut().expect("bytes") ^= 1;
        let invented = Stored { record: new_id(), ..stored.clone() }.supplied();
        let stale = v1::SealedRecord { version: 2, ..stored.supplied() };
        let end = system.log_end();
        let results = recompute(system, "demo", vec![altered, invented, stale, stored.supplied()]);
        let codes: Vec<_> = results.iter().map(|result| result.refusal.as_ref().map(|refusal| refusal.code.as_str())).collect();
        assert_eq!(codes, [Some("record-altered"), Some("record-unknown"), Some("record-altered"), None]);
        assert!(results[..3].iter().all(|result| result.terms.is_empty()));
        let events = system.events_from("auditor", end);
        assert!(events.iter().any(|event| event["kind"] == "record.terms_recomputed" && event["count"] == 4));
        let theirs = recompute(system, "other", vec![stored.supplied()]);
        assert_eq!(theirs[0].refusal.as_ref().map(|refusal| refusal.code.as_str()), Some("record-unknown"));
    }
}

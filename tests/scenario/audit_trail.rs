//! Step 9: The audit trail of what was done, and the proof that it is whole.

use std::collections::BTreeSet;

use km_tests::program::run;
use km_tests::{System, on_both};
use serde_json::{Value, json};

use crate::{checkpoint, events_from, open, record_of, town};

/// `kmctl log verify` from a kept checkpoint.
fn verify(system: &System, kept: &Value) -> km_tests::program::Ran {
    let file = system.folder().join(km_tests::call::request_id());
    std::fs::write(&file, kept.to_string()).expect("a file");
    run(system.kmctl("auditor").args(["log", "verify", "--from"]).arg(&file))
}

on_both! {
    fn what_was_done_and_refused_is_there_in_its_order_and_proven(system: &System) {
        let kept = checkpoint(system);
        let from = kept["size"].as_u64().expect("a size");
        let record = record_of(system, town::of(system).national_id(9));
        open(system, "auditor", &record, "display_name").refused("role-missing");

        let events = events_from(system, from);
        let indexes: Vec<_> = events.iter().filter_map(|event| event["index"].as_u64()).collect();
        assert!(indexes.is_sorted_by(|one, next| one < next) && indexes.len() == events.len());
        let of = |who: &str| -> BTreeSet<(String, String)> {
            let own = events
                .iter()
                .filter(|event| event["actor"]["name"].as_str().is_some_and(|name| name.ends_with(&format!("#{who}"))));
            let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
            own.map(|event| (text(event, "kind"), text(event, "outcome"))).collect()
        };
        for kind in ["record.found", "record.opened"] {
            assert!(of("caseworker").contains(&(kind.to_owned(), "done".to_owned())), "{kind}: {events:#?}");
        }
        assert!(of("auditor").iter().any(|(_, outcome)| outcome == "refused"), "{events:#?}");
        let opened = events.iter().find(|event| event["kind"] == "record.opened" && event["case"] == "TOUR-1");
        assert_eq!(opened.expect("a disclosure")["purpose"], "eligibility");
        assert!(
            !events.iter().any(|event| event.to_string().contains(&record)),
            "a person stands in the log by a handle only"
        );

        let proven = verify(system, &kept).good().json();
        assert_eq!(proven["from"], json!(from));
        assert!(proven["size"].as_u64() >= Some(from) && proven["root"].as_str().is_some_and(|root| root.len() == 64));
        system.key_manager(&["verify-audit"]).good();
        // A checkpoint that was never given out is not believed.
        let note = kept["note"].as_str().expect("a note");
        let forged = note.replacen(&format!("\n{from}\n"), &format!("\n{}\n", from + 1), 1);
        assert_ne!(forged, note);
        verify(system, &json!({"note": forged})).refused("not-proven");
    }
}

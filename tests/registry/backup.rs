//! A backup of the registry while it serves, and what a restore brings back: rows, but nobody who was erased meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use km_client::Statement;
use km_domain::RecordId;
use km_test_support::wait_until;
use km_tests::people::{draft, new_id};
use km_tests::records::register;
use km_tests::{System, on_each, wait};
use serde_json::{Value, json};

use crate::{RECORDS, person, put};

/// What a caseworker gets of a record: the national id, or the code of the refusal.
fn read(system: &System, record: RecordId) -> Result<Value, String> {
    let session = system.session("caseworker");
    let query = km_client::OpenQuery {
        register: register(),
        // Two, so that a refusal of one is an answer.
        records: vec![record, new_id()],
        fields: km_tests::records::fields(&["national_id"]),
        statement: Statement::of("audit"),
        history: false,
    };
    let opened = wait(session.open_records(query)).expect("an answer").records.remove(0);
    km_tests::records::values(opened.outcome).map(|mut values| values.remove("national_id").unwrap_or_default())
}

fn is_in_log(system: &System, from: u64, kind: &str) -> bool {
    let told =
        || system.events_from("auditor", from).iter().any(|event| event["kind"] == kind && event["outcome"] == "done");
    wait_until(Duration::from_secs(20), told)
}

on_each! {
    fn whoever_was_erased_after_the_backup_stays_closed_after_the_restore(database: Database) {
        let system = crate::turn(database);
        let ((erased, _), (neighbour, id)) = (person(&system), person(&system));
        let (changed, changed_id) = person(&system);
        let from = system.log_end();

        // 1. Copied while people are stored; not one write fails.
        let copy = system.folder().join(format!("{}.backup", km_tests::call::request_id()));
        let stop = AtomicBool::new(false);
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut written = 0;
                while !stop.load(Ordering::Acquire) {
                    person(&system);
                    written += 1;
                }
                written
            });
            let ran = system.registry_command(&["backup", "--to", copy.to_str().expect("a path")]);
            stop.store(true, Ordering::Release);
            ran.good();
            writer.join().expect("every write succeeded")
        });
        assert!(written > 0, "nobody was stored meanwhile");
        assert!(is_in_log(&system, from, "backup.made"));
        system.registry_command(&["backup", "--to", copy.to_str().expect("a path")]).bad();

        // 2. Afterwards one is erased, one changed, one new.
        let statement = Statement::of("erasure-request");
        wait(system.session("backend").erase(&register(), erased, &statement)).expect("a certificate");
        let mut next = km_client::Draft { record: changed, base_version: 1, fields: draft(&changed_id).fields.clone() };
        next.fields.insert("family_name".into(), json!("Renamed"));
        put(&system, &system.reader("backend"), &next).good();
        let (new, _) = person(&system);
        assert_eq!(read(&system, erased), Err("record-erased".into()));

        // 3. A restore is for a registry that is stopped.
        let restore = || system.registry_command(&["restore", "--from", copy.to_str().expect("a path")]);
        restore().bad();
        assert!(read(&system, new).is_ok(), "a refused restore changed something");
        assert_eq!(system.stop("registry"), Some(Some(0)));
        restore().good();
        system.start_registry();

        // 4. Sealed values of the erased are back, and stay closed; the neighbour opens.
        let rows = system.registry_rows.sql(&format!("SELECT count(*) FROM sealed_fields WHERE record = '{erased}'"));
        assert_ne!(rows, "0", "the backup has nothing of the erased: nothing is shown");
        assert_eq!(read(&system, erased), Err("record-erased".into()));
        assert_eq!(read(&system, neighbour), Ok(json!(id)));
        // What was changed since is not given out as it was, what was new is not there.
        assert_eq!(read(&system, changed), Err("stale-version".into()));
        assert!(read(&system, new).is_err());
        assert!(is_in_log(&system, from, "registry.restored"));
        // Life goes on.
        let (later, later_id) = person(&system);
        assert_eq!(read(&system, later), Ok(json!(later_id)));
        let path = format!("{RECORDS}?limit=1000");
        assert!(system.registry("caseworker").get(&path).text().contains(&later.to_string()));
    }

    fn a_copy_that_is_none_is_refused_and_nothing_is_lost(database: Database) {
        let system = crate::turn(database);
        let (record, id) = person(&system);
        let junk = system.folder().join(format!("{}.junk", km_tests::call::request_id()));
        std::fs::write(&junk, "no database at all").expect("a file");
        assert_eq!(system.stop("registry"), Some(Some(0)));
        for from in [junk.clone(), junk.with_extension("missing")] {
            system.registry_command(&["restore", "--from", from.to_str().expect("a path")]).bad();
        }
        system.start_registry();
        assert_eq!(read(&system, record), Ok(json!(id)));
    }
}

//! Rotation of an index key: terms are recomputed by the registry's job, beside the old ones, until none of the old is
//! left. People are found all the while, and a registry that is killed in the midst of it goes on where it was.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use km_client::{Draft, Session, Statement};
use km_test_support::wait_until;
use km_tests::people::{definition, draft, national_id};
use km_tests::records::REGISTER;
use km_tests::{System, on_each, wait};

use crate::put;

const PEOPLE: usize = 400;
/// Records that the job recomputes in one step.
const STEP: u64 = 50;

/// How many of these people's national ids have a term under a version of the key; of everybody's, if none is named.
fn terms(system: &System, people: &[Draft], condition: &str) -> usize {
    let ids: Vec<_> = people.iter().map(|person| format!("'{}'", person.record)).collect();
    let whose = if ids.is_empty() { String::new() } else { format!("AND record IN ({})", ids.join(",")) };
    let of = format!("field = 'national_id' AND index_keys.version {condition} {whose}");
    let terms = "index_terms JOIN index_keys ON index_keys.id = index_key";
    system.registry_rows.sql(&format!("SELECT count(*) FROM {terms} WHERE {of}")).parse().expect("a number")
}

fn is_found(session: &Session, person: &Draft) -> bool {
    let (field, value) = ("national_id".parse().expect("a field"), &person.fields["national_id"]);
    let found = wait(session.find(&definition(REGISTER), &field, value, &[], &Statement::of("audit")));
    matches!(found.expect("an answer").records.as_slice(), [one] if one.found.record == person.record && one.compared)
}

/// The name of the key under which national ids are searched.
fn index_key(system: &System) -> String {
    let keys = system.rest("officer").get("/v1/keys").good();
    let ids = keys["keys"].as_array().expect("keys").iter().filter_map(|key| key["id"].as_str());
    ids.filter(|id| id.starts_with("index_individual_national_id")).collect::<Vec<_>>().concat()
}

on_each! {
    fn everybody_is_found_before_during_and_after_and_nothing_is_left(database: Database) {
        let system = crate::turn(database);
        let people: Vec<Draft> = (0..PEOPLE).map(|_| draft(&national_id())).collect();
        people.chunks(100).for_each(|some| system.store("backend", some));
        let session = system.session("caseworker");
        assert!(people.iter().step_by(50).all(|person| is_found(&session, person)));
        assert_eq!(terms(&system, &people, "> 0"), PEOPLE);

        // 1. Rotated. Terms under both versions are compared: nobody slips in between with an id that is taken.
        let begun = system.log_end();
        let version = system.rotate(&index_key(&system));
        let (old, new) = (format!("< {version}"), format!("= {version}"));
        let last = &people[PEOPLE - 1];
        let taken = draft(last.fields["national_id"].as_str().expect("an id"));
        put(&system, &system.reader("backend"), &taken).refused(409, "not-unique");
        assert!(is_found(&session, last), "right after the rotation");

        // 2. The registry is killed when some terms are new and some are not.
        assert!(wait_until(Duration::from_secs(30), || terms(&system, &[], &new) > 0), "the job does not begin");
        system.kill("registry");
        assert!(terms(&system, &people, &new) < PEOPLE, "it was killed too late to show anything");
        assert_eq!(terms(&system, &people, &old), PEOPLE, "old terms went before all were new");

        // 3. It goes on, while everybody is searched for.
        system.start_registry();
        let session = system.session("caseworker");
        let (stop, searches, misses) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        let none_left = std::thread::scope(|scope| {
            scope.spawn(|| {
                for person in people.iter().cycle().take_while(|_| !stop.load(Ordering::Acquire)) {
                    misses.fetch_add(usize::from(!is_found(&session, person)), Ordering::Relaxed);
                    searches.fetch_add(1, Ordering::Relaxed);
                }
            });
            let none_left = wait_until(Duration::from_secs(60), || terms(&system, &[], &old) == 0);
            stop.store(true, Ordering::Release);
            none_left
        });
        assert!(none_left, "{} terms are left on old versions", terms(&system, &[], &old));
        assert!(searches.into_inner() > 2);
        assert_eq!(misses.into_inner(), 0, "somebody was not found meanwhile");
        assert_eq!(terms(&system, &people, &new), PEOPLE);
        assert!(people.iter().step_by(7).all(|person| is_found(&session, person)));

        // 4. No step was done twice but the one that the kill cut off.
        let events = system.events_from("auditor", begun);
        let steps = events.iter().filter(|event| event["kind"] == "record.terms_recomputed");
        let passed: u64 = steps.filter_map(|event| event["count"].as_u64()).sum();
        let individuals = "register IN (SELECT id FROM registers WHERE register = 'individual')";
        let living = format!("SELECT count(*) FROM records WHERE {individuals} AND erased IS NULL");
        let records = system.registry_rows.sql(&living);
        assert!(
            passed <= records.parse::<u64>().expect("a number") + STEP,
            "{passed} records of {records} were passed"
        );
        // 5. The count says so to whoever asks the registry.
        let status = system.registry("operator").get("/v1/status").good();
        let counts = status["terms"].as_array().expect("counts").iter().filter(|one| one["field"] == "national_id");
        let versions: Vec<_> =
            counts.filter(|one| one["register"] == "individual").map(|one| one["version"].as_u64()).collect();
        assert_eq!(versions, [Some(version)], "{status:#}");
    }
}

//! Step 6: The key that protects the register is rotated while a loop reads and writes: no failure, and nothing is left
//! on the old version.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use km_test_support::wait_until;
use km_tests::program::{run, run_with};
use km_tests::{System, on_both};
use serde_json::{Value, json};

use crate::{name_of, open, record_of, town};

fn rewrap(system: &System) -> Value {
    run(system.kmctl("officer").arg("rewrap")).good().json()
}

/// Creates a person of this name; gives the record, if it was created.
fn create(system: &System, name: &str) -> Option<String> {
    let fields = json!({"display_name": name, "registration_status": "registered"}).to_string();
    let created = run_with(system.registryctl("backend").arg("create"), &fields);
    (created.code == Some(0)).then(|| created.json()["record"].as_str().expect("an id").to_owned())
}

on_both! {
    fn nothing_fails_and_nothing_is_left_on_the_old_version(system: &System) {
        let old = record_of(system, town::of(system).national_id(6));
        let before = rewrap(system);
        let (kek, stop) = (before["key"].as_str().expect("a key"), AtomicBool::new(false));
        let made = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut outcomes = Vec::new();
                while !stop.load(Ordering::Acquire) {
                    outcomes.push(open(system, "caseworker", &old, "display_name").code == Some(0));
                }
                outcomes
            });
            let writer = scope.spawn(|| {
                let mut made = Vec::new();
                while !stop.load(Ordering::Acquire) {
                    made.push(create(system, "Περιστροφή"));
                }
                made
            });
            let rotated = run(system.kmctl("officer").args(["key", "rotate", kek]));
            let none_left = wait_until(Duration::from_secs(60), || rewrap(system)["left"] == 0);
            stop.store(true, Ordering::Release);
            let (read, made) = (reader.join().expect("a reader"), writer.join().expect("a writer"));
            let version = rotated.good().json()["version"].as_u64().expect("a version");
            assert!(before["versions"][version.to_string()].is_null(), "{before:#}");
            assert!(none_left, "{:#}", rewrap(system));
            assert!(read.len() > 1 && read.iter().all(|succeeded| *succeeded), "{read:?}");
            assert!(made.len() > 1 && made.iter().all(Option::is_some), "{made:?}");
            made
        });
        assert_eq!(name_of(system, &old), town::of(system).person(6)["display_name"]);
        for record in made.into_iter().flatten() {
            assert_eq!(name_of(system, &record), "Περιστροφή");
        }
        // The count was not 0 to begin with.
        assert!(
            before["versions"]
                .as_object()
                .expect("versions")
                .values()
                .any(|count| count.as_u64() >= Some(town::GOOD as u64))
        );
    }
}

//! The ten steps of the tour as tests, each through the real programs `registryctl` and `kmctl` against running
//! services; and the way in for people, which the tour does not take.

mod altered_value;
mod audit_trail;
mod erase_and_restore;
mod find_and_read;
mod import;
mod login;
mod nothing_in_clear;
mod openg2p;
mod openspp;
mod refusals;
mod rotate_under_load;
mod sign_and_verify;
mod signed_export;
mod town;

use std::sync::LazyLock;

use km_tests::program::{run, run_with};
use km_tests::{Database, Options, System};
use serde_json::Value;

/// The system that the tests of one database share. Tests that break something start one of their own.
fn system(database: Database) -> &'static System {
    static SQLITE: LazyLock<System> = LazyLock::new(|| start(Database::Sqlite));
    static POSTGRES: LazyLock<System> = LazyLock::new(|| start(Database::Postgres));
    match database {
        Database::Sqlite => &SQLITE,
        Database::Postgres => &POSTGRES,
    }
}

/// Both services, and the keys of those who call, enrolled and approved as the quickstart does it.
fn start(database: Database) -> System {
    let mosip = Options { mosip: Some(String::new()), bootstrap: openg2p::POLICIES, ..Options::default() };
    let system = System::start(database, Options { registry: true, ..mosip });
    std::fs::create_dir_all(system.folder().join("readers")).expect("a folder for keys");
    for who in ["backend", "caseworker", "auditor"] {
        enrol(&system, who);
    }
    system
}

/// The identity's key: made, enrolled, and approved by an officer.
fn enrol(system: &System, who: &str) {
    let enrolled = run(system.registryctl(who).arg("enrol")).good().json();
    assert_eq!(enrolled["state"], "waiting");
    let id = enrolled["id"].as_str().expect("a thumbprint");
    let waiting = run(system.kmctl("officer").arg("enrolments")).good().json();
    let listed = waiting["enrolments"].as_array().expect("enrolments").iter().any(|one| one["id"] == id);
    assert!(listed, "{waiting:#}");
    let approved = run(system.kmctl("officer").args(["approve", id])).good().json();
    assert_eq!(approved["state"], "active");
}

/// What a caseworker finds under a national id, with these fields.
fn find(system: &System, national_id: &str, fields: &str) -> Vec<Value> {
    let mut command = system.registryctl("caseworker");
    command.args(["find", "--field", "national_id", "--fields", fields]);
    command.args(["--purpose", "eligibility", "--case", "TOUR-1"]);
    let found = run_with(&mut command, national_id).good().json();
    found["records"].as_array().expect("records").clone()
}

/// The record of the person with this national id.
fn record_of(system: &System, national_id: &str) -> String {
    let found = find(system, national_id, "display_name");
    assert_eq!(found.len(), 1, "{national_id} is the id of {} records", found.len());
    found[0]["record"].as_str().expect("an id").to_owned()
}

/// `registryctl open` as this identity.
fn open(system: &System, who: &str, record: &str, fields: &str) -> km_tests::program::Ran {
    let mut command = system.registryctl(who);
    command.args(["open", record, "--fields", fields, "--purpose", "eligibility", "--case", "TOUR-1"]);
    run(&mut command)
}

/// What a caseworker reads as the name.
fn name_of(system: &System, record: &str) -> String {
    let opened = open(system, "caseworker", record, "display_name").good().json();
    opened["records"][0]["values"]["display_name"].as_str().expect("a name").to_owned()
}

/// Events from this index on, as an auditor prints them.
fn events_from(system: &System, from: u64) -> Vec<Value> {
    let mut command = system.kmctl("auditor");
    command.args(["log", "events", "--from", &from.to_string(), "--all"]);
    run(&mut command).good().json()["events"].as_array().expect("events").clone()
}

/// The newest checkpoint, as an auditor keeps it.
fn checkpoint(system: &System) -> Value {
    run(system.kmctl("auditor").args(["log", "checkpoint"])).good().json()
}

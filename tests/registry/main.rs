//! The registry through its front door, on real parts: the key manager behind it, a real token, both databases. Folders
//! mirror the door.

mod backup;
mod body;
mod caller;
mod canary;
mod hostile;
mod idempotency;
mod index_keys;
mod kinds;
mod openapi;
mod path;
mod preconditions;
mod problems;
mod records;
mod registers;
mod status;
mod tokens;

use std::sync::{LazyLock, Mutex, MutexGuard};

use km_client::Draft;
use km_domain::RecordId;
use km_tests::people::{Reader, definition, draft, national_id};
use km_tests::records::REGISTER;
use km_tests::{Answer, Database, Options, System, now};
use serde_json::json;

/// The system that the tests of one database share. Tests that break something start one of their own.
fn system(database: Database) -> &'static System {
    static SQLITE: LazyLock<System> = LazyLock::new(|| System::start(Database::Sqlite, with_registry()));
    static POSTGRES: LazyLock<System> = LazyLock::new(|| System::start(Database::Postgres, with_registry()));
    match database {
        Database::Sqlite => &SQLITE,
        Database::Postgres => &POSTGRES,
    }
}

/// The system that tests take turns on which stop, kill or restore a service. Each leaves it running; after one that could
/// not, the next gets a new one.
fn turn(database: Database) -> MutexGuard<'static, System> {
    static SQLITE: LazyLock<Mutex<System>> =
        LazyLock::new(|| Mutex::new(System::start(Database::Sqlite, with_registry())));
    static POSTGRES: LazyLock<Mutex<System>> =
        LazyLock::new(|| Mutex::new(System::start(Database::Postgres, with_registry())));
    let mine: &Mutex<System> = match database {
        Database::Sqlite => &SQLITE,
        Database::Postgres => &POSTGRES,
    };
    mine.lock().unwrap_or_else(|broken| {
        mine.clear_poison();
        let mut system = broken.into_inner();
        eprintln!("{}", system.logs(60));
        *system = System::start(database, with_registry());
        system
    })
}

fn with_registry() -> Options {
    Options { registry: true, ..Options::default() }
}

/// Where records of the register `individual` are.
const RECORDS: &str = "/v1/registers/individual/records";

/// The record as its sender seals it.
fn jwe(system: &System, sender: &Reader, draft: &Draft) -> String {
    let (keys, definition) = (system.service_keys(&sender.tenant), definition(REGISTER));
    sender.sealer(&keys, &definition).seal(draft, now()).expect("a record that keeps the rules").jwe
}

/// Stores a version of a record; the headers are those of its base version.
fn put(system: &System, sender: &Reader, draft: &Draft) -> Answer {
    let client = match draft.base_version {
        0 => system.registry(sender.who).with_header("if-none-match", "*"),
        base => system.registry(sender.who).with_header("if-match", &format!("\"{base}\"")),
    };
    client.put(&format!("{RECORDS}/{}", draft.record), json!({"jwe": jwe(system, sender, draft)}))
}

/// A new person in the register, and the national id.
fn person(system: &System) -> (RecordId, String) {
    let (sender, id) = (system.reader("backend"), national_id());
    let person = draft(&id);
    put(system, &sender, &person).good();
    (person.record, id)
}

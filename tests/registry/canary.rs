//! People with unmistakable values are imported, searched and read under load; then all that the registry keeps, logs
//! and holds in memory is searched for every one of those values, and after a minute of quiet the key manager's memory
//! too. No control, no proof: the same search finds what is there.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use km_client::{Draft, OpenQuery, Session, Statement};
use km_test_support::wait_until;
use km_tests::people::{definition, draft, national_id};
use km_tests::records::{REGISTER, fields, register};
use km_tests::{Database, Options, Search, System, from_base64url, memory, wait};
use serde_json::{Value, json};

const PEOPLE: usize = 100;
const BATCH: usize = 20;
const READERS: usize = 3;
/// After so long the key manager has forgotten what it saw.
const QUIET: Duration = Duration::from_secs(60);

/// Values that stand nowhere else.
fn person(number: usize) -> Draft {
    let mut person = draft(&national_id());
    for (field, value) in [
        ("family_name", json!(format!("Zyxwalliam{number:03}Qanarivk"))),
        ("given_name", json!(format!("Ḥalīmaቃናሪ{number:03}ክናርያ"))),
        ("display_name", json!(format!("Qanary{number:03}Vollname Zyxw"))),
        ("aliases", json!([format!("Qanar{number:03} al-Kānārī"), format!("канарейка{number:03}ова")])),
        ("birth_place", json!(format!("محطةالكناري{number:03}"))),
        ("occupation", json!(format!("កាណារី{number:03} kanaryologist"))),
        ("passport", json!(format!("QANARYPASS{number:03}"))),
        ("bank_account", json!(format!("QANARYBANK{number:03}"))),
        ("phones", json!([format!("+2519777{number:03}31")])),
        ("emails", json!([format!("qanary{number:03}@zyxw.invalid")])),
        ("address_lines", json!([format!("{number:03} Qanary Lane"), format!("क्यानरी गल्ली {number:03}")])),
    ] {
        person.fields.insert(field.to_owned(), value);
    }
    person
}

/// Every text of these people, as it was sent and as it is compared, in small and in capital letters.
fn texts(people: &[Draft]) -> Vec<String> {
    let same_for_all = km_tests::people::fields("");
    let own =
        people.iter().flat_map(|person| &person.fields).filter(|(name, value)| same_for_all.get(*name) != Some(value));
    let texts = own.flat_map(|(_, value)| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect::<Vec<_>>(),
    });
    let forms: BTreeSet<_> =
        texts.flat_map(|text| [text.to_owned(), text.to_lowercase(), text.to_uppercase()]).collect();
    forms.into_iter().collect()
}

fn find_and_read(session: &Session, person: &Draft) {
    let (statement, definition) = (Statement::of("service-delivery"), definition(REGISTER));
    let find = |field: &str, value: &Value| {
        let field = field.parse().expect("a field");
        wait(session.find(&definition, &field, value, &[], &statement)).expect("an answer").records
    };
    for (field, value) in [("national_id", &person.fields["national_id"]), ("phones", &person.fields["phones"][0])] {
        let found = find(field, value);
        assert!(matches!(found.as_slice(), [one] if one.found.record == person.record && one.compared), "{field}");
    }
    let names: Vec<&str> = person.fields.keys().map(String::as_str).collect();
    let query = OpenQuery {
        register: register(),
        records: vec![person.record],
        fields: fields(&names),
        statement,
        history: false,
    };
    let opened = wait(session.open_records(query)).expect("an answer").records.remove(0);
    let values = km_tests::records::values(opened.outcome).expect("values");
    assert_eq!(values, person.fields.clone().into_iter().collect());
}

/// Imports everybody while readers find and read whoever is there, over and over; gives the registry's memory as it was in
/// the midst of that, when everybody had been read.
fn memory_under_load(system: &System, people: &[Draft]) -> Option<Vec<u8>> {
    let (imported, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let read: Vec<AtomicBool> = people.iter().map(|_| AtomicBool::new(false)).collect();
    let session = system.session("caseworker");
    std::thread::scope(|scope| {
        for reader in 0..READERS {
            let (session, imported, stop, read) = (&session, &imported, &stop, &read);
            scope.spawn(move || {
                for number in (reader..).step_by(READERS).map(|number| number % PEOPLE) {
                    let here = || imported.load(Ordering::Acquire) > number || stop.load(Ordering::Acquire);
                    assert!(wait_until(Duration::from_secs(60), here), "the import does not go on");
                    if stop.load(Ordering::Acquire) {
                        return;
                    }
                    find_and_read(session, &people[number]);
                    read[number].store(true, Ordering::Release);
                }
            });
        }
        for batch in people.chunks(BATCH) {
            system.store("backend", batch);
            imported.fetch_add(batch.len(), Ordering::Release);
        }
        let all_read = || read.iter().all(|one| one.load(Ordering::Acquire));
        let done = wait_until(Duration::from_secs(120), all_read);
        let memory = memory::of_process(system.process_id("registry"));
        stop.store(true, Ordering::Release);
        assert!(done, "not everybody was read");
        memory
    })
}

fn is_nowhere(found: BTreeSet<&str>, place: &str) {
    let some: Vec<_> = found.iter().take(10).collect();
    assert!(found.is_empty(), "{} values are in {place}: {some:#?}", found.len());
}

/// Nothing is at the registry: memory, database and write-ahead log, logs, backups, whatever else it keeps.
fn the_registry_holds_nothing(system: &System, people: &[Draft], search: &Search) {
    let records: Vec<String> = people.iter().map(|person| person.record.to_string()).collect();
    let control = Search::plain(records.iter().map(String::as_str));
    if let Some(memory) = memory_under_load(system, people) {
        // Records come and go; what it was configured with stays.
        let configured = Search::plain([system.folder().to_str().expect("a path")]);
        assert!(!configured.found_in(&memory).is_empty(), "the search is blind in memory");
        is_nowhere(search.found_in(&memory), "the registry's memory");
    }
    let backup = system.folder().join("registry.backup");
    system.registry_command(&["backup", "--to", backup.to_str().expect("a path")]).good();
    let unpacked = system.registry_rows.unpacked(&backup);
    for (place, files) in [("its database", system.registry_rows.files()), ("its backup", vec![backup, unpacked])] {
        assert_eq!(control.found_in_files(&files).len(), PEOPLE, "the search is blind in {place}");
        is_nowhere(search.found_in_files(&files), place);
    }
    let logs = system.log_files("registry");
    let line = Search::plain(["\"level\""]);
    assert!(!line.found_in_files(&logs).is_empty(), "the registry has logged nothing");
    is_nowhere(search.found_in_files(&logs), "its log");
    is_nowhere(search.found_in_files(&files_under(&system.folder().join("registry"))), "its folder");
}

fn files_under(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

/// Nor does the key manager keep what it saw: neither values nor a data key that it made.
fn the_key_manager_forgets(system: &System, search: &Search) {
    let key = system.key("encrypt", "AES-256");
    let made = system.rest("backend").post("/v1/datakeys", json!({"key": key})).good();
    let data_key = Search::bytes("a data key", &from_base64url(made["plaintext"].as_str().expect("a key")));
    assert!(!data_key.found_in(made.to_string().as_bytes()).is_empty(), "the search is blind");
    assert_eq!(system.stop("registry"), Some(Some(0)));
    // The claim is about time, so time has to pass.
    wait(async { tokio::time::sleep(QUIET).await });
    let Some(memory) = memory::of_process(system.process_id("keymanager")) else { return };
    let configured = Search::plain(["Sealkeep test"]);
    assert!(!configured.found_in(&memory).is_empty(), "the search is blind in memory");
    let found = data_key.found_in(&memory).into_iter().chain(search.found_in(&memory));
    is_nowhere(found.collect(), "the key manager's memory");
    is_nowhere(search.found_in_files(&system.log_files("keymanager")), "the key manager's log");
    is_nowhere(search.found_in_files(&system.rows.files()), "the key manager's database");
}

fn no_value_is_anywhere_on(database: Database) {
    let system = System::start(database, Options { registry: true, log_level: "trace", ..Options::default() });
    let people: Vec<Draft> = (0..PEOPLE).map(person).collect();
    let texts = texts(&people);
    assert!(texts.len() > 13 * PEOPLE, "only {} texts to search for", texts.len());
    let search = Search::in_every_form(texts.iter().map(String::as_str));
    the_registry_holds_nothing(&system, &people, &search);
    the_key_manager_forgets(&system, &search);
}

/// On both databases at once: most of the time is a minute of waiting.
#[test]
fn no_value_is_anywhere() {
    std::thread::scope(|scope| {
        for database in [Database::Sqlite, Database::Postgres] {
            scope.spawn(move || no_value_is_anywhere_on(database));
        }
    });
}

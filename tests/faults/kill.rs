//! `kill -9` of either service at any moment of an import: the import goes on where it was, no record is lost, none is
//! double, the log verifies, erased stays erased.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use km_client::{OpenQuery, RecordOutcome, Session, Statement};
use km_domain::RecordId;
use km_test_support::wait_until;
use km_tests::people::national_id;
use km_tests::program::{Ran, run};
use km_tests::records::{REGISTER, fields, register, values};
use km_tests::seed::seed;
use km_tests::{Database, System};
use serde_json::Value;

/// People in one file: an import of them takes longer than the time between two kills.
const PEOPLE: usize = 1000;
/// Rows that are sent at a time: small, so that a kill finds every stage of a batch.
const BATCH: usize = 100;
/// The longest time between a service's being ready and the next kill, in milliseconds.
const LONGEST_LIFE: u64 = 300;

#[test]
fn sqlite_fifty_times() {
    killed_while_importing(Database::Sqlite, 50);
}

#[test]
fn postgres_ten_times() {
    killed_while_importing(Database::Postgres, 10);
}

fn killed_while_importing(database: Database, kills: usize) {
    let _turn = super::heavy();
    let system = super::start(database);
    let _shown = km_tests::both::Shown::new(&system);
    let mut chance = Chance::of(&format!("kill::{database:?}"));
    for who in ["backend", "caseworker"] {
        system.reader(who);
    }
    // 1. Some people who are erased before the first kill, and some who will be between two kills.
    let first = Town::make(&system, 0, 40);
    system_import(&system, &first).good();
    let ids = first.ids(&system);
    let mut erased: Vec<RecordId> = ids.values().take(4).copied().collect();
    erased.iter().for_each(|record| erase(&system, *record));
    let mut doomed: Vec<RecordId> = ids.values().skip(4).take(kills / 5).copied().collect();
    // 2. Imports run one after the other until all the kills are done, each until it has gone through.
    let over = AtomicBool::new(false);
    let begun = Instant::now();
    let towns = std::thread::scope(|scope| {
        let (system, over) = (&system, &over);
        let importer = scope.spawn(move || {
            let mut towns = Vec::new();
            while !over.load(Ordering::Acquire) {
                let town = Town::make(system, towns.len() + 1, PEOPLE);
                import_until_done(system, &town);
                towns.push(town);
            }
            towns
        });
        // However this ends, the importer must end too.
        let _ends = Ends(over);
        for number in 0..kills {
            let life = Duration::from_millis(chance.below(LONGEST_LIFE));
            let _ = wait_until(life, || importer.is_finished());
            assert!(!importer.is_finished(), "the import broke off");
            if chance.below(2) == 0 {
                system.kill("keymanager");
                system.start_key_manager();
            } else {
                system.kill("registry");
                system.start_registry();
            }
            if number % 5 == 4
                && let Some(record) = doomed.pop()
            {
                erase(system, record);
                erased.push(record);
            }
        }
        over.store(true, Ordering::Release);
        importer.join().expect("imports that went through")
    });
    println!("{kills} kills within {:.1?}, {} files of {PEOPLE} people", begun.elapsed(), towns.len());
    // 3. Everything is as if nothing had happened.
    system.wait_until_ready();
    settled(&system);
    let everybody = 40 + towns.len() * PEOPLE;
    let count = |rows: &km_tests::database::Rows, sql: &str| rows.sql(sql).parse::<usize>().expect("a number");
    let (registry, keys) = (&system.registry_rows, &system.rows);
    assert_eq!(count(registry, "SELECT count(*) FROM records"), everybody);
    let living = everybody - erased.len();
    assert_eq!(count(registry, "SELECT count(*) FROM records WHERE erased IS NULL"), living);
    let terms =
        "SELECT count(DISTINCT term) FROM index_terms JOIN index_keys ON id = index_key WHERE field = 'national_id'";
    assert_eq!(count(registry, terms), living, "somebody is there twice");
    assert_eq!(count(keys, "SELECT count(*) FROM subject"), living, "seals that no record stands for");
    assert_eq!(count(keys, "SELECT count(*) FROM subject WHERE confirmed = 0"), 0);
    assert_eq!(count(keys, "SELECT count(*) FROM open_intent"), 0);
    for town in towns.iter().chain([&first]) {
        town.reads(&system, &erased);
    }
    system.key_manager(&["verify-audit"]).good();
}

/// Tells the importer to end.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Everything that was stored is confirmed with the key manager.
#[track_caller]
fn settled(system: &System) {
    let left = || system.registry_rows.sql("SELECT state, count(*) FROM seal_intents GROUP BY state");
    let done = wait_until(super::RECOVERY, || left().is_empty());
    assert!(done, "seals are left: {}", left());
}

/// The same command again and again, as its user would enter it.
fn import_until_done(system: &System, town: &Town) {
    let mut last = None;
    let done = wait_until(Duration::from_secs(120), || {
        let ran = system_import(system, town);
        assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.told());
        let good = ran.code == Some(0);
        last = Some(ran);
        good
    });
    let last = last.expect("at least one run");
    assert!(done, "{}", last.told());
    let said = last.json();
    let number = |name: &str| said[name].as_u64().expect("a number");
    assert_eq!((number("created") + number("exists"), number("refused")), (town.people as u64, 0), "{}", last.told());
}

fn system_import(system: &System, town: &Town) -> Ran {
    let mut command = system.registryctl("backend");
    run(command.arg("import").arg(&town.file).args(["--batch", &BATCH.to_string()]))
}

/// Erases a record, whatever is down at the moment.
fn erase(system: &System, record: RecordId) {
    let mut last = None;
    let done = wait_until(super::RECOVERY, || {
        let mut command = system.registryctl("backend");
        let ran = run(command.args(["erase", &record.to_string(), "--purpose", "erasure-request", "--yes"]));
        // The certificate of the first attempt may have been lost on its way.
        let done = ran.code == Some(0) || ran.told().contains("record-erased");
        last = Some(ran);
        done
    });
    assert!(done, "{}", last.expect("an attempt").told());
}

/// A file of people, each with a national id and a name of their own.
struct Town {
    file: PathBuf,
    people: usize,
    /// National ids to names.
    names: BTreeMap<String, String>,
}

impl Town {
    fn make(system: &System, number: usize, people: usize) -> Self {
        let file = system.folder().join(format!("town-{number}.csv"));
        let names: BTreeMap<String, String> =
            (0..people).map(|person| (national_id(), format!("Person {number} {person}"))).collect();
        let mut text = String::from("national_id,display_name,birth_date\n");
        for (id, name) in &names {
            text += &format!("{id},{name},1984-05-17\n");
        }
        std::fs::write(&file, text).expect("a file");
        Self { file, people, names }
    }

    /// The record of each name, as the journal of the import has it: rows are numbered from the header on.
    fn ids(&self, system: &System) -> BTreeMap<String, RecordId> {
        let rows: Vec<&String> = self.names.values().collect();
        let mut ids = BTreeMap::new();
        for line in self.journal(system).lines() {
            let entry: Value = serde_json::from_str(line).unwrap_or_default();
            for pair in entry["ids"].as_array().into_iter().flatten() {
                let row = pair[0].as_u64().and_then(|row| usize::try_from(row).ok()).expect("a row");
                let record = pair[1].as_str().expect("an id").parse().expect("an id");
                assert!(ids.insert(rows[row - 2].clone(), record).is_none(), "a second id for row {row}");
            }
        }
        assert_eq!(ids.len(), self.people);
        ids
    }

    fn journal(&self, system: &System) -> String {
        let digest = km_client::file_digest(&self.file).expect("a digest").0;
        let name = format!("demo-{REGISTER}-{}.jsonl", &digest[..16]);
        let path: &Path = &system.folder().join("imports").join(name);
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Every record opens with its own name, but the erased.
    fn reads(&self, system: &System, erased: &[RecordId]) {
        let (session, ids) = (system.session("caseworker"), self.ids(system));
        let living: BTreeMap<RecordId, &String> =
            ids.iter().filter(|(_, record)| !erased.contains(record)).map(|(name, record)| (*record, name)).collect();
        let mut read = BTreeSet::new();
        for part in living.keys().copied().collect::<Vec<_>>().chunks(500) {
            for (record, outcome) in open(&session, part) {
                let name = values(outcome).unwrap_or_else(|code| panic!("{record}: {code}"))["display_name"].clone();
                assert_eq!(name, living[&record].as_str());
                read.insert(record);
            }
        }
        assert_eq!(read.len(), living.len());
        for gone in ids.values().filter(|record| erased.contains(record)) {
            let refused = km_tests::wait(session.open_records(query(&[*gone])));
            assert!(refused.is_err_and(|error| error.to_string().contains("record-erased")), "{gone} opens");
        }
    }
}

fn open(session: &Session, records: &[RecordId]) -> Vec<(RecordId, RecordOutcome)> {
    let opened = km_tests::wait(session.open_records(query(records))).expect("an answer");
    opened.records.into_iter().map(|opened| (opened.record, opened.outcome)).collect()
}

fn query(records: &[RecordId]) -> OpenQuery {
    OpenQuery {
        register: register(),
        records: records.to_vec(),
        fields: fields(&["display_name"]),
        statement: Statement::of("service-delivery"),
        history: false,
    }
}

/// Numbers that a seed gives again.
pub struct Chance(u64);

impl Chance {
    /// Says the seed.
    pub fn of(test: &str) -> Self {
        let seed = seed(test);
        Self(u64::from_le_bytes(seed[..8].try_into().expect("eight bytes")) | 1)
    }

    /// From 0 to one less (xorshift64, Marsaglia 2003).
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

//! The database gone, slow, locked, read-only, restarted: whoever needs it is told so in time, nobody else notices, nothing is
//! lost, and the service goes on by itself.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use km_test_support::{TestDatabase, TestFolder, TestServer, wait_until};
use km_tests::database::Rows;
use km_tests::{Database, System, on_each};
use serde_json::json;

use super::callers::{Callers, down, lives};
use super::valve::{Flow, Valve};
use super::{DEADLINE_MS, RECOVERY, options};

/// A system whose databases are in a server of its own, each behind a valve.
struct Own {
    system: System,
    keys: Valve,
    registry: Valve,
    server: TestServer,
    _sockets: [TestFolder; 2],
}

impl Own {
    fn start() -> Self {
        let server = TestServer::start();
        let sockets = ["keys", "registry"].map(TestFolder::new);
        let [keys, registry] = [&sockets[0], &sockets[1]].map(|at| Valve::postgres(at.path(), server.folder()));
        let rows = |_: &std::path::Path| {
            [&sockets[0], &sockets[1]]
                .map(|at| Rows::Postgres(Box::new(TestDatabase::within(&server, Some(at.path())))))
        };
        let system = System::start_on(Database::Postgres, options(), rows);
        Self { system, keys, registry, server, _sockets: sockets }
    }
}

/// What is broken, and what is said of it.
struct Fault<'a> {
    /// What the key manager's answers say, or nothing where it is well.
    key_manager: Option<&'a str>,
    /// The registry's own part that is down; without one it is only the key manager that it misses.
    registry: Option<&'a str>,
}

/// Causes a fault while callers go on, looks what is said, and ends it again.
#[track_caller]
fn endure(callers: &Callers<'_>, fault: &Fault<'_>, cause: impl FnOnce(), cure: impl FnOnce()) {
    let system = callers.system;
    callers.forget_refusals();
    callers.while_calling(|| {
        cause();
        if let Some(words) = fault.key_manager {
            let said = wait_until(RECOVERY, || {
                let said = system.readiness();
                down(&said).iter().any(|part| part.starts_with("database") || part.starts_with("audit"))
                    && said.is_some_and(|(status, _)| status == 503)
            });
            assert!(said, "the key manager says {:#?}", system.readiness());
            assert_eq!(callers.use_key().status, 503);
            assert_eq!(callers.public_keys().status, 200);
            assert!(callers.details().iter().any(|detail| detail.contains(words)), "{:#?}", callers.details());
        }
        let part = fault.registry.unwrap_or("key-manager");
        let said =
            wait_until(RECOVERY, || down(&system.registry_readiness()).iter().any(|down| down.starts_with(part)));
        assert!(said, "the registry says {:#?}", system.registry_readiness());
        assert_eq!(callers.store().status, 503);
        lives(system);
        // Long enough for whoever waits behind the fault to have been told.
        std::thread::sleep(Duration::from_millis(u64::from(DEADLINE_MS) + 300));
        cure();
    });
    callers.is_well();
    // What is said to callers names no file, no address, no statement.
    for detail in callers.details() {
        for secret in ["/", "sqlite", "postgres", "SELECT", "INSERT", "host"] {
            assert!(!detail.contains(secret), "{detail}");
        }
    }
}

#[test]
fn postgres_away_stalled_slow_read_only_and_locked() {
    let own = Own::start();
    let _shown = km_tests::both::Shown::new(&own.system);
    let callers = Callers::of(&own.system);
    let both = |key_manager| Fault { key_manager: Some(key_manager), registry: Some("database") };
    // 1. The connections are cut, and no new ones can be made.
    let turn = |flow| {
        own.keys.set(flow);
        own.registry.set(flow);
    };
    endure(&callers, &both("does not answer"), || turn(Flow::Cut), || turn(Flow::Open));
    // 2. The server takes connections and says nothing.
    endure(&callers, &both("in time"), || turn(Flow::Stalled), || turn(Flow::Open));
    // 3. Only the registry's.
    let registry = Fault { key_manager: None, registry: Some("database") };
    endure(&callers, &registry, || own.registry.set(Flow::Stalled), || own.registry.set(Flow::Open));
    assert!(
        callers.details().iter().any(|detail| detail.contains("the registry's database")),
        "{:?}",
        callers.details()
    );
    // 4. So slow that nothing can be done in time.
    endure(&callers, &both("in time"), || turn(Flow::Slow(Duration::from_millis(900))), || turn(Flow::Open));
    // 5. The key manager's may be read and not written.
    let Rows::Postgres(keys) = &own.system.rows else { panic!("PostgreSQL") };
    let read_only = || {
        let name = keys.name();
        own.server.query(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
        let others = format!("FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()");
        own.server.query(&format!("SELECT pg_terminate_backend(pid) {others}"));
    };
    let keys_only = |words| Fault { key_manager: Some(words), registry: None };
    endure(&callers, &keys_only("is read-only"), read_only, || {
        // Nobody ends the service's sessions, which were begun while it was so.
        own.server.query(&format!("ALTER DATABASE {} SET default_transaction_read_only = off", keys.name()));
    });
    // 6. Somebody holds the head of the log.
    let lock = std::cell::RefCell::new(None);
    let url = format!("postgres://postgres@/{}?host={}", keys.name(), own.server.folder().display());
    let hold = || *lock.borrow_mut() = Some(Lock::postgres(&url, "LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE"));
    let release = || *lock.borrow_mut() = None;
    endure(&callers, &keys_only("in time"), hold, release);
    callers.reckon();
}

#[test]
fn postgres_restarted_under_load() {
    let own = Own::start();
    let _shown = km_tests::both::Shown::new(&own.system);
    let callers = Callers::of(&own.system);
    callers.while_calling(|| {
        for mode in ["fast", "immediate", "immediate"] {
            own.server.stop(mode);
            let told = wait_until(RECOVERY, || callers.use_key().status == 503 && callers.store().status == 503);
            assert!(told, "the server is stopped");
            own.server.start_again();
            callers.is_well();
        }
    });
    callers.reckon();
}

#[test]
fn sqlite_moved_away_and_locked() {
    let system = super::start(Database::Sqlite);
    let _shown = km_tests::both::Shown::new(&system);
    let callers = Callers::of(&system);
    let file = |rows: &Rows| match rows {
        Rows::Sqlite(file) => file.clone(),
        Rows::Postgres(_) => panic!("SQLite"),
    };
    let elsewhere = system.folder().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    let (keys, registry) = (file(&system.rows), file(&system.registry_rows));
    let away = |database: &std::path::Path| elsewhere.join(database.file_name().expect("a name"));
    let move_away = |database: &std::path::Path| std::fs::rename(database, away(database)).expect("moved away");
    let move_back = |database: &std::path::Path| std::fs::rename(away(database), database).expect("moved back");
    let keys_only = |words| Fault { key_manager: Some(words), registry: None };
    let registry_only = Fault { key_manager: None, registry: Some("database") };
    // 1. What is written to a file that was moved away would be lost with the next start.
    endure(&callers, &keys_only("was moved away"), || move_away(&keys), || move_back(&keys));
    endure(&callers, &registry_only, || move_away(&registry), || move_back(&registry));
    // 2. Another process has the write lock.
    let lock = std::cell::RefCell::new(None);
    let hold = |database: &std::path::Path| *lock.borrow_mut() = Some(Lock::sqlite(database));
    let release = || *lock.borrow_mut() = None;
    endure(&callers, &keys_only("in time"), || hold(&keys), release);
    endure(&callers, &registry_only, || hold(&registry), release);
    callers.reckon();
}

on_each! {
    /// Who was told 503 may ask for the opposite next.
    fn what_was_refused_does_not_happen_later(database: Database) {
        let system = crate::start(database);
        let reader = system.new_reader("backend", "late");
        let lock = match &system.rows {
            Rows::Sqlite(file) => Lock::sqlite(file),
            Rows::Postgres(own) => Lock::postgres(own.url(), "LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE"),
        };
        assert_eq!(system.ask_to_enrol(&reader).status, 503);
        drop(lock);
        // What waited behind the lock comes before what is asked now.
        assert!(wait_until(RECOVERY, || system.rest("backend").post("/v1/random", json!({"length": 16})).status == 200));
        assert_eq!(system.rows.sql("SELECT count(*) FROM reader_key"), "0");
        system.enrol(&reader);
    }
}

/// A shell of the database that holds a lock until it is dropped.
struct Lock(Child);

impl Lock {
    fn sqlite(file: &std::path::Path) -> Self {
        let mut shell = Command::new("sqlite3");
        shell.args(["-batch", "-cmd", ".timeout 10000"]).arg(file);
        Self::held(&mut shell, "BEGIN IMMEDIATE; SELECT 'held';\n")
    }

    fn postgres(url: &str, lock: &str) -> Self {
        let mut shell = Command::new("psql");
        shell.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]).arg(url);
        Self::held(&mut shell, &format!("BEGIN; {lock}; SELECT 'held';\n"))
    }

    fn held(shell: &mut Command, sql: &str) -> Self {
        let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell of the database");
        child.stdin.as_mut().expect("its input").write_all(sql.as_bytes()).expect("SQL");
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut said).expect("a line");
        assert_eq!(said.trim(), "held");
        Self(child)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

//! What the figures were measured on and with: printed above the table.

use km_test_support::TestDatabase;
use km_tests::System;

use crate::measure::Plan;

/// Of the machine and of the run.
pub fn of_machine(plan: &Plan) -> Vec<(String, String)> {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let processor =
        read("/proc/cpuinfo").lines().find_map(|line| line.strip_prefix("model name\t: ").map(str::to_owned));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg");
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let kernel = read("/proc/sys/kernel/osrelease");
    vec![
        named("machine", format!("{cores} cores, {}, Linux {}", processor.unwrap_or_default(), kernel.trim())),
        named("load before", load.join(" ")),
        named("files on", file_system(&std::env::temp_dir())),
        named(
            "measured",
            format!("{} s each, median of {}; load generator on the same cores", plan.time.as_secs(), plan.repeats),
        ),
    ]
}

/// Of the services, from the file that ships.
pub fn of_service(system: &System) -> (String, String) {
    let text = std::fs::read_to_string(system.config("keymanager")).expect("the configuration");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
        format!("{name} {}", line.unwrap_or("default"))
    };
    let names = ["workers", "token", "plain", "jobs", "queue", "deadline_ms", "checkpoint_ms", "rewrap_batch", "level"];
    let values: Vec<String> = names.iter().map(|name| value(name)).collect();
    named("deploy/config", values.join(", "))
}

/// Threads that serve a listener, by the same file.
pub fn workers(system: &System) -> usize {
    let text = std::fs::read_to_string(system.config("keymanager")).expect("the configuration");
    let line = text.lines().find_map(|line| line.strip_prefix("workers = "));
    line.and_then(|number| number.parse().ok()).expect("the number of workers")
}

/// How SQLite is run: the key manager sets it for each connection, so it cannot be asked from outside; its own tests hold it.
pub fn of_sqlite() -> (String, String) {
    named("SQLite", "journal_mode WAL, synchronous FULL".to_owned())
}

/// How PostgreSQL is run: as it says itself.
pub fn of_postgres() -> (String, String) {
    let database = TestDatabase::postgres();
    let names =
        ["server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers"];
    let values: Vec<String> =
        names.iter().map(|name| format!("{name} {}", database.query(&format!("SHOW {name}")))).collect();
    assert_eq!(database.query("SHOW fsync"), "on", "figures without fsync are none: start it by tests/bench/run.sh");
    named("PostgreSQL", values.join(", "))
}

fn named(name: &str, value: String) -> (String, String) {
    (name.to_owned(), value)
}

/// Kind and place of the file system below a folder.
fn file_system(folder: &std::path::Path) -> String {
    let ran = km_tests::program::run(
        std::process::Command::new("findmnt").args(["-no", "FSTYPE,SOURCE", "--target"]).arg(folder),
    );
    ran.output.split_whitespace().collect::<Vec<_>>().join(" on ")
}

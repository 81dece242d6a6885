//! Which rows there are, and what they need.

use km_test_support::{TestDatabase, TestToken};
use km_tests::{Database, Options, System};
use serde_json::json;

use crate::ceilings::bare::BareServer;
use crate::ceilings::token::BareToken;
use crate::measure::{Plan, Row, Title};
use crate::report::{Fact, Report};
use crate::rows::commit::{Commit, Commits};
use crate::rows::people::Form;
use crate::rows::{decrypt, dialect, encrypt, import, memory, open, rewrap, seal, sign, start};
use crate::settings;

/// The names, in the order of the table.
const NAMES: [&str; 16] = [
    encrypt::SQLITE.name,
    encrypt::POSTGRES.name,
    sign::ES256.name,
    sign::ES256_BATCH.name,
    decrypt::RSA.name,
    sign::RS256.name,
    seal::TOGETHER.name,
    seal::SINGLY.name,
    open::OPEN.name,
    import::IMPORT.name,
    rewrap::REWRAP.name,
    dialect::ENCRYPT.name,
    dialect::DECRYPT.name,
    dialect::SIGN.name,
    dialect::VERIFY.name,
    "start",
];

/// Signatures in one call.
const BATCH: usize = 100;
/// Milliseconds that the slowest hundredth of AES calls may take where the database is fast.
const AES_P99: f64 = 5.0;
/// Microseconds of processor time of an audited encryption.
const AES_PROCESSOR: f64 = 60.0;
const IDLE_MEMORY: f64 = 40.0;
const LOADED_MEMORY: f64 = 200.0;
const START_SECONDS: f64 = 1.0;

/// Whether all these rows exist.
pub fn check(wanted: &[String]) -> Result<(), String> {
    match wanted.iter().find(|name| !NAMES.contains(&name.as_str())) {
        Some(unknown) => Err(format!("there is no row {unknown}; there are {}", NAMES.join(", "))),
        None => Ok(()),
    }
}

pub fn run(plan: &Plan, wanted: &[String], token: &TestToken) -> Report {
    let wants = |title: &Title| wanted.is_empty() || wanted.iter().any(|name| name == title.name);
    let mut report = Report { settings: settings::of_machine(plan), ..Report::default() };
    if wants(&encrypt::POSTGRES) {
        on_postgres(plan, token, &mut report);
    }
    if NAMES.iter().any(|name| {
        !["start", encrypt::POSTGRES.name].contains(name) && (wanted.is_empty() || wanted.iter().any(|one| one == name))
    }) {
        on_sqlite(plan, &wants, token, &mut report);
    }
    if wanted.is_empty() || wanted.iter().any(|name| name == "start") {
        starting(plan, &mut report);
    }
    let place = |row: &Row| NAMES.iter().position(|name| *name == row.title.name);
    report.rows.sort_by_key(place);
    report
}

fn on_postgres(plan: &Plan, token: &TestToken, report: &mut Report) {
    report.settings.push(settings::of_postgres());
    let system = System::start(Database::Postgres, Options { shipped: true, ..Options::default() });
    let bare = BareServer::start(token, settings::workers(&system));
    let mut commits = Commits::start(token, TestDatabase::postgres());
    let row = encrypt::run(plan, encrypt::POSTGRES, &system, &bare, || commits.round(plan.time));
    encryption("PostgreSQL", &row, commits.result(), report);
    report.rows.push(row);
}

fn on_sqlite(plan: &Plan, wants: &dyn Fn(&Title) -> bool, token: &TestToken, report: &mut Report) {
    let system = System::start(Database::Sqlite, Options { shipped: true, registry: true, ..Options::default() });
    report.settings.extend([settings::of_sqlite(), settings::of_service(&system)]);
    let idle = memory::of(&system);
    if wants(&encrypt::SQLITE) {
        let bare = BareServer::start(token, settings::workers(&system));
        let mut commits = Commits::start(token, TestDatabase::sqlite());
        let row = encrypt::run(plan, encrypt::SQLITE, &system, &bare, || commits.round(plan.time));
        encryption("SQLite", &row, commits.result(), report);
        report.rows.push(row);
    }
    let alone = BareToken::open(&token.module, &token.label, &token.pin_file);
    let mut add = |title: &Title, measure: &dyn Fn() -> Row| {
        if wants(title) {
            report.rows.push(measure());
        }
    };
    add(&sign::ES256, &|| sign::es256(plan, &system, &alone, None));
    add(&sign::ES256_BATCH, &|| sign::es256(plan, &system, &alone, Some(BATCH)));
    add(&decrypt::RSA, &|| decrypt::rsa(plan, &system, &alone));
    add(&sign::RS256, &|| sign::rs256(plan, &system, &alone));
    add(&seal::TOGETHER, &|| seal::run(plan, &system, &alone, Form::Together));
    add(&seal::SINGLY, &|| seal::run(plan, &system, &alone, Form::Singly));
    add(&open::OPEN, &|| open::run(plan, &system, &alone));
    if wants(&import::IMPORT) {
        let sealed = report.rows.iter().find(|row| row.title.name == seal::TOGETHER.name).map(|row| row.ours);
        // Asked for alone, the import needs its ceiling all the same.
        let sealed = sealed.unwrap_or_else(|| seal::run(plan, &system, &alone, Form::Together).ours);
        report.rows.push(import::run(plan, &system, sealed));
    }
    if wants(&rewrap::REWRAP) {
        report.rows.push(rewrap::run(plan, &system, &alone));
    }
    dialect::run(plan, wants, &system, token, &alone, report);
    remember(idle, memory::of(&system), report);
}

/// What is wished of encryptions besides their rate.
fn encryption(database: &str, row: &Row, commit: Commit, report: &mut Report) {
    let level = |connections: usize| row.levels.iter().find(|level| level.connections == connections).expect("a level");
    let limit = AES_P99.max(3.0 * commit.alone.p99);
    let what = format!("encrypt on {database}, p99 at 16 connections");
    report.facts.push(Fact::below(what, level(16).latency.p99, limit, "ms"));
    let what = format!("encrypt on {database}, processor time of the key manager");
    report.facts.push(Fact::below(what, level(32).processor, AES_PROCESSOR, "µs"));
    let what = format!("one durable commit on {database}, p50 / p99");
    report.facts.push(Fact::told(what, format!("{:.2} / {:.2} ms", commit.alone.p50, commit.alone.p99)));
    let what = format!("32 events in durable commits on {database}, p50 / p99");
    report.facts.push(Fact::told(what, format!("{:.2} / {:.2} ms", commit.grouped.p50, commit.grouped.p99)));
    report
        .facts
        .push(Fact::told(format!("{database}: events a second in such groups"), format!("{:.0}", commit.grouped_rate)));
    report.raw.insert(format!("commit {database}"), json!(commit));
}

fn remember(idle: memory::Both, loaded: memory::Both, report: &mut Report) {
    let services =
        [("keymanager-svc", idle.keymanager, loaded.keymanager), ("registry-svc", idle.registry, loaded.registry)];
    for (name, idle, loaded) in services {
        report.facts.push(Fact::below(format!("{name}: memory after its start"), idle.now, IDLE_MEMORY, "MiB"));
        report.facts.push(Fact::below(format!("{name}: most memory under load"), loaded.most, LOADED_MEMORY, "MiB"));
    }
    report.raw.insert("memory idle".into(), json!(idle));
    report.raw.insert("memory after load".into(), json!(loaded));
}

fn starting(plan: &Plan, report: &mut Report) {
    let start = start::run(plan);
    let what = format!("start to ready with {} keys", start.keys);
    report.facts.push(Fact::below(what, start.seconds, START_SECONDS, "s"));
    report.facts.push(Fact::told(
        format!("keymanager-svc: memory with {} keys", start.keys),
        format!("{:.1} MiB", start.memory),
    ));
    report.raw.insert("start".into(), json!(start));
}

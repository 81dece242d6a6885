//! From the start of the program until it says that it is ready, with many keys.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use km_domain::{KeyAlgorithm, KeyPurpose};
use km_hsm::TokenConfig;
use km_tests::program::run as run_program;
use km_tests::{Database, Options, System};

use crate::key_manager::KeyManager;
use crate::measure::Plan;
use crate::process::memory;
use crate::statistics::median;

/// What starting showed.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Start {
    pub keys: usize,
    /// Until `/readyz` is green.
    pub seconds: f64,
    /// Resident then, MiB.
    pub memory: f64,
}

/// `km-bench fill`: makes keys on the token and database of a key manager that is stopped. Through its door each new key would
/// have it read all keys again.
#[derive(clap::Args)]
pub struct Fill {
    #[arg(long)]
    module: PathBuf,
    #[arg(long)]
    label: String,
    #[arg(long)]
    pin_file: PathBuf,
    #[arg(long)]
    database: String,
    #[arg(long)]
    keys: usize,
}

impl Fill {
    pub fn run(self) {
        let Self { module, label, pin_file, database, keys } = self;
        let config =
            TokenConfig { module, label, serial: None, pin_file, sessions: 2, series: 1, wait: Duration::from_secs(2) };
        let key_manager = KeyManager::open(config, &database);
        for key in 0..keys {
            key_manager.make(&format!("bench-{key}"), KeyPurpose::Encrypt, KeyAlgorithm::Aes256);
        }
        key_manager.committer.close();
    }
}

pub fn run(plan: &Plan) -> Start {
    let system = System::start(Database::Sqlite, Options { shipped: true, ..Options::default() });
    eprintln!("start: making {} keys", plan.keys);
    system.stop("keymanager").expect("it stops");
    let token = system.hardware();
    let (name, value) = token.environment();
    let mut fill = Command::new(std::env::current_exe().expect("the running program"));
    fill.env(name, value).args(["fill", "--label", &token.label, "--database", &system.rows.url()]);
    fill.arg("--module").arg(&token.module).arg("--pin-file").arg(&token.pin_file);
    run_program(fill.args(["--keys", &plan.keys.to_string()])).good();
    let mut memories = Vec::new();
    let seconds = (0..plan.repeats).map(|round| {
        if round > 0 {
            system.stop("keymanager").expect("it stops");
        }
        let begun = Instant::now();
        system.start_key_manager();
        system.wait_until_ready();
        let took = begun.elapsed();
        eprintln!("start: {} ms", took.as_millis());
        memories.push(memory(system.process_id("keymanager")).now);
        took
    });
    let seconds = median(seconds.collect::<Vec<Duration>>().iter().map(Duration::as_secs_f64)).unwrap_or_default();
    let known = system.rest("backend").get("/v1/keys").good()["keys"].as_array().map_or(0, Vec::len);
    assert!(known >= plan.keys, "{known} keys");
    Start { keys: plan.keys, seconds, memory: median(memories).unwrap_or_default() }
}

//! From the start of the program until it says that it is ready, with many keys.

use std::time::{Duration, Instant};

use km_tests::{Client, Database, Options, System};
use serde_json::json;

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

/// Callers that make the keys.
const OFFICERS: usize = 8;
/// Keys that are made before a new token is asked for: an officer's is soon too old.
const KEYS_A_TOKEN: usize = 100;

pub fn run(plan: &Plan) -> Start {
    let system = System::start(Database::Sqlite, Options { shipped: true, ..Options::default() });
    eprintln!("start: making {} keys", plan.keys);
    // The first token and certificate are fetched once for all.
    system.officer("officer");
    std::thread::scope(|scope| {
        for number in 0..OFFICERS {
            let (system, keys) = (&system, plan.keys);
            scope.spawn(move || {
                let mine: Vec<usize> = (number..keys).step_by(OFFICERS).collect();
                for some in mine.chunks(KEYS_A_TOKEN) {
                    let officer = system.officer("officer");
                    some.iter().for_each(|key| make(&officer, *key));
                }
            });
        }
    });
    let mut memories = Vec::new();
    let seconds = (0..plan.repeats).map(|_| {
        system.stop("keymanager").expect("it stops");
        let begun = Instant::now();
        system.start_key_manager();
        system.wait_until_ready();
        let took = begun.elapsed();
        eprintln!("start: {} ms", took.as_millis());
        memories.push(memory(system.process_id("keymanager")).now);
        took
    });
    let seconds = median(seconds.collect::<Vec<Duration>>().iter().map(Duration::as_secs_f64)).unwrap_or_default();
    Start { keys: plan.keys, seconds, memory: median(memories).unwrap_or_default() }
}

fn make(officer: &Client, key: usize) {
    let id = format!("bench-{key}");
    let body = json!({"id": id, "purpose": "encrypt", "algorithm": "AES-256", "allow": ["sealkeep-backend"]});
    officer.post("/v1/officer/keys", body).good();
}

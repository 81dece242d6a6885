//! Bad days: each test causes a fault for real, and asks what callers are told meanwhile, what is lost, and whether the
//! services go on by themselves when it is over.

mod callers;
mod clock;
mod database;
mod disk;
mod hang_up;
mod issuer;
mod kill;
mod overload;
mod token;
mod valve;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use km_tests::{Database, Options, System};

/// What the services of these tests may take to answer, in milliseconds: the default of `lanes.deadline_ms`.
const DEADLINE_MS: u32 = 2000;
/// How much longer than its deadline an answer may be on its way on a machine that is busy with other tests.
const MARGIN: Duration = Duration::from_secs(2);
/// Time for a service to be ready again after a fault.
const RECOVERY: Duration = Duration::from_secs(30);

/// The longest that a caller waits for a refusal.
fn longest_wait() -> Duration {
    Duration::from_millis(DEADLINE_MS.into()) + MARGIN
}

/// What the systems of these tests have in common: the deadline that ships.
fn options() -> Options {
    Options { registry: true, deadline_ms: DEADLINE_MS, ..Options::default() }
}

fn start(database: Database) -> System {
    System::start(database, options())
}

/// Held by tests that load the machine, so that they do not disturb each other's times.
fn heavy() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

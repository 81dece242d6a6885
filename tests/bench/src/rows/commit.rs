//! The durable commit by itself: one event, written and on disk, by the key manager's own commit thread.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use km_audit::EventKind;
use km_operations::system_event;
use km_storage::Unrecorded;
use km_test_support::{TestDatabase, TestToken};

use crate::key_manager::KeyManager;
use crate::statistics::{Latency, median};

/// The commit thread over a fresh database.
pub struct Commits {
    key_manager: KeyManager,
    alone: Vec<Latency>,
    grouped: Vec<Latency>,
    rates: Vec<f64>,
}

/// Commits of one database.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Commit {
    /// One event after the other.
    pub alone: Latency,
    /// Groups of 32 events.
    pub grouped: Latency,
    /// Events a second in groups of 32.
    pub grouped_rate: f64,
}

const GROUP: usize = 32;

impl Commits {
    pub fn start(token: &TestToken, database: TestDatabase) -> Self {
        let key_manager = KeyManager::start(token, database);
        Self { key_manager, alone: Vec::new(), grouped: Vec::new(), rates: Vec::new() }
    }

    /// Half of the time one by one, half in groups.
    pub fn round(&mut self, time: Duration) {
        let one = |group: usize| {
            let (mut times, begun) = (Vec::new(), Instant::now());
            while begun.elapsed() < time / 2 {
                times.push(self.commit(group));
            }
            let events = (times.len() * group) as f64;
            (Latency::of(times), events / begun.elapsed().as_secs_f64())
        };
        let ((alone, _), (grouped, rate)) = (one(1), one(GROUP));
        self.alone.push(alone);
        self.grouped.push(grouped);
        self.rates.push(rate);
    }

    fn commit(&self, group: usize) -> Duration {
        let KeyManager { operations, committer, .. } = &self.key_manager;
        let (sender, receiver) = mpsc::channel();
        let begun = Instant::now();
        for _ in 0..group {
            let sender = sender.clone();
            let event = system_event(operations, EventKind::Encrypt, "bench");
            committer.submit(Unrecorded::new((), event), None, move |result| {
                let _ = sender.send(result.is_ok());
            });
        }
        drop(sender);
        assert!(receiver.iter().all(|is_durable| is_durable), "a commit failed");
        begun.elapsed()
    }

    pub fn result(&self) -> Commit {
        Commit {
            alone: Latency::median(&self.alone),
            grouped: Latency::median(&self.grouped),
            grouped_rate: median(self.rates.iter().copied()).unwrap_or_default(),
        }
    }
}

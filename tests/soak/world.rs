//! What all parts of the soak share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use km_test_support::wait_until;
use km_tests::System;

pub struct World {
    pub system: System,
    pub seed: u64,
    begun: Instant,
    paused: AtomicBool,
    ended: AtomicBool,
    /// Workers in the middle of a request.
    busy: AtomicUsize,
    pub faults: AtomicU64,
    counts: Mutex<BTreeMap<String, u64>>,
    wrong: Mutex<Vec<String>>,
}

impl World {
    pub fn new(system: System, seed: u64) -> Self {
        Self {
            system,
            seed,
            begun: Instant::now(),
            paused: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            busy: AtomicUsize::new(0),
            faults: AtomicU64::new(0),
            counts: Mutex::default(),
            wrong: Mutex::default(),
        }
    }

    /// Prints a line with the time since the beginning.
    pub fn say(&self, text: &str) {
        println!("{:7.1} s  {text}", self.begun.elapsed().as_secs_f32());
    }

    /// Notes what must not be.
    pub fn wrong(&self, text: String) {
        self.say(&format!("WRONG: {text}"));
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    pub fn wrongs(&self) -> usize {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Counts an outcome.
    pub fn count(&self, what: &str, outcome: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(format!("{what}: {outcome}")).or_default() += 1;
    }

    pub fn counted(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does one step of a worker; false when the load has ended.
    pub fn step(&self, step: impl FnOnce()) -> bool {
        while self.paused.load(Ordering::SeqCst) && !self.ended.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.ended.load(Ordering::SeqCst) {
            return false;
        }
        self.busy.fetch_add(1, Ordering::SeqCst);
        // Between the look above and now a pause may have begun: then this step is not in it.
        if !self.paused.load(Ordering::SeqCst) {
            step();
        }
        self.busy.fetch_sub(1, Ordering::SeqCst);
        true
    }

    /// Stops the load and waits until no request is under way.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
        assert!(
            wait_until(Duration::from_secs(180), || self.busy.load(Ordering::SeqCst) == 0),
            "a request has no end\n{}",
            self.system.logs(40)
        );
    }

    pub fn resume(&self) {
        self.paused.store(false, Ordering::SeqCst);
    }

    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    /// Whether both services say that they are ready.
    pub fn is_ready(&self) -> bool {
        let ready = |answer: Option<(u16, serde_json::Value)>| answer.is_some_and(|(status, _)| status == 200);
        ready(self.system.readiness()) && ready(self.system.registry_readiness())
    }
}

//! Memory, file handles and threads of the services.

use km_test_support::process::status;
use km_tests::System;

#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// KiB, resident.
    memory: u64,
    handles: u64,
    threads: u64,
}

/// What a service that is quiet may have more than when it was first quiet: caches fill and the allocator keeps what it has,
/// but nothing may grow with the number of requests or faults.
const MEMORY_PERCENT: u64 = 25;
const MEMORY_KIB: u64 = 24 * 1024;
const HANDLES: u64 = 16;
const THREADS: u64 = 4;

impl Figures {
    pub fn of(system: &System, service: &'static str) -> Self {
        let process = system.process_id(service);
        // The key manager forbids it to its own user, so that only root can count its handles.
        let handles = std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, |entries| entries.count() as u64);
        Self { memory: status(process, "VmRSS"), handles, threads: status(process, "Threads") }
    }

    /// What has grown more than it may.
    pub fn grown_since(&self, before: &Self) -> Vec<String> {
        let allowed = [
            ("memory, KiB", self.memory, before.memory + before.memory * MEMORY_PERCENT / 100 + MEMORY_KIB),
            ("file handles", self.handles, before.handles + HANDLES),
            ("threads", self.threads, before.threads + THREADS),
        ];
        let grown = allowed.into_iter().filter(|(_, now, most)| now > most);
        grown.map(|(what, now, most)| format!("{what}: {now}, allowed {most}")).collect()
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mib = self.memory as f64 / 1024.0;
        write!(f, "{mib:.1} MiB, {} file handles, {} threads", self.handles, self.threads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_beyond_the_allowance_is_named() {
        let before = Figures { memory: 40 * 1024, handles: 50, threads: 20 };
        assert!(before.grown_since(&before).is_empty());
        let grown = Figures { memory: 75 * 1024, handles: 67, threads: 25 };
        assert_eq!(grown.grown_since(&before).len(), 3);
    }
}

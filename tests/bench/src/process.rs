//! What the kernel says of a process: processor time and memory.

use std::time::Duration;

/// The unit of times in /proc/PID/stat: USER_HZ, which is 100 on every Linux of today (man 5 proc_pid_stat).
const TICKS_A_SECOND: f64 = 100.0;

/// Processor time of all its threads so far, in user mode and in the kernel, to 10 ms.
pub fn processor_time(process: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the process runs");
    // The name may hold blanks and brackets; what follows the last bracket does not. utime and stime are fields 14 and 15.
    let (_, after) = text.rsplit_once(')').expect("a line of /proc/PID/stat");
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Duration::from_secs_f64(ticks / TICKS_A_SECOND)
}

/// Memory of a process, in MiB.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Memory {
    /// Resident now.
    pub now: f64,
    /// The most that ever was.
    pub most: f64,
}

pub fn memory(process: u32) -> Memory {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line of /proc/PID/status");
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib / 1024.0
    };
    Memory { now: of("VmRSS:"), most: of("VmHWM:") }
}

//! What the kernel says of a process.

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

/// A number of /proc/PID/status by its name there: `VmRSS` and `VmHWM`, resident now and at most, in KiB; `Threads`.
pub fn status(process: u32, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line =
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("a line of /proc/PID/status");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_run_and_is_resident() {
        let own = std::process::id();
        assert!(["VmRSS", "VmHWM", "Threads"].iter().all(|name| status(own, name) > 0));
        let before = processor_time(own);
        assert!(crate::wait_until(Duration::from_secs(30), || {
            std::hint::black_box((0..10_000_000_u64).fold(0, |sum, at| sum ^ std::hint::black_box(at)));
            processor_time(own) > before
        }));
    }
}

//! Memory of a process.

use km_test_support::process::status;

/// Memory of a process, in MiB.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Memory {
    /// Resident now.
    pub now: f64,
    /// The most that ever was.
    pub most: f64,
}

pub fn memory(process: u32) -> Memory {
    let of = |name| status(process, name) as f64 / 1024.0;
    Memory { now: of("VmRSS"), most: of("VmHWM") }
}

//! What a process that holds secrets does about its own memory.

use std::fmt;

use nix::sys::{
    mman::{MlockAllFlags, mlockall},
    prctl::set_dumpable,
};

/// MCL_ONFAULT (mlockall(2), Linux 4.4), which nix does not name.
const ON_FAULT: i32 = 4;

/// What was achieved; shown by health, for it depends on the rights that the process was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardening {
    pub not_dumpable: bool,
    pub locked: bool,
}

/// Makes the process non-dumpable (no core file, no tracing by the same user) and keeps its memory out of swap. Pages are
/// locked as they are touched, so that stacks which are never used cost nothing.
pub fn harden() -> Hardening {
    let flags = MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE | MlockAllFlags::from_bits_retain(ON_FAULT);
    Hardening { not_dumpable: set_dumpable(false).is_ok(), locked: mlockall(flags).is_ok() }
}

impl fmt::Display for Hardening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dumpable = if self.not_dumpable { "not dumpable" } else { "DUMPABLE: the system refused to change it" };
        let locked = if self.locked { "locked" } else { "NOT LOCKED: raise the limit of locked memory" };
        write!(f, "{dumpable}, {locked}")
    }
}

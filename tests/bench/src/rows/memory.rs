//! Memory of both services.

use km_tests::System;

use crate::process::{Memory, memory};

/// Of both services at one moment, MiB.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Both {
    pub keymanager: Memory,
    pub registry: Memory,
}

pub fn of(system: &System) -> Both {
    Both { keymanager: memory(system.process_id("keymanager")), registry: memory(system.process_id("registry")) }
}

//! Looks now and then for index terms under an older key version and, where there are some, recomputes step by step.

use std::{sync::Arc, time::Duration};

use km_domain::RegisterName;
use km_service::Shutdown;

use crate::operations::{
    Registry,
    recompute_terms::{Progress, current, step},
};

/// Breath between two steps, so that callers are not held up.
const BREATH: Duration = Duration::from_millis(20);

/// Runs until the service stops.
pub async fn run(registry: Arc<Registry>, period: Duration, shutdown: Shutdown) {
    let registers: Vec<RegisterName> =
        registry.definitions.iter().map(|definition| definition.rules.register.clone()).collect();
    while shutdown.pause(period).await {
        for register in &registers {
            if !finish(&registry, register, &shutdown).await {
                return;
            }
        }
    }
}

/// All steps of one register; `false` if the service stops.
async fn finish(registry: &Registry, register: &RegisterName, shutdown: &Shutdown) -> bool {
    let failed = |error: crate::error::RegistryError| {
        tracing::warn!(event = "terms.failed", %register, %error, "index terms were not recomputed; later again");
    };
    let versions = match current(registry, register).await {
        Ok(versions) => versions,
        Err(error) => {
            failed(error);
            return true;
        }
    };
    loop {
        match step(registry, register, &versions).await {
            Ok(Progress::Done) => return true,
            Ok(Progress::More) => {}
            Err(error) => {
                failed(error);
                return true;
            }
        }
        if !shutdown.pause(BREATH).await {
            return false;
        }
    }
}

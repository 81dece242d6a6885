//! What the registry itself tells the log: that it started and stopped, which definitions it serves, that its database was
//! copied or restored.

use km_audit::EventKind;

use super::{Registry, definitions};
use crate::{
    error::RegistryError,
    keymanager::{Behalf, event},
    storage::jobs,
};

/// The start, and definitions that are new here or not what they were. Told before anything is settled or recomputed.
///
/// # Errors
/// The log or the database cannot be written.
pub async fn started(registry: &Registry) -> Result<(), RegistryError> {
    tell(registry, EventKind::ServiceStart).await?;
    definitions::announce(registry).await
}

/// The stop.
///
/// # Errors
/// The log cannot be written.
pub async fn stopping(registry: &Registry) -> Result<(), RegistryError> {
    tell(registry, EventKind::ServiceStop).await
}

/// What commands left to be told: a copy was made, a copy was put back.
///
/// # Errors
/// The log or the database cannot be written.
pub async fn notices(registry: &Registry) -> Result<(), RegistryError> {
    for (name, kind) in registry.store.read(jobs::notices).await? {
        if let Some(kind) = EventKind::from_name(&kind) {
            tell(registry, kind).await?;
        }
        registry.store.write(move |db| jobs::forget(db, &name)).await?;
    }
    Ok(())
}

async fn tell(registry: &Registry, kind: EventKind) -> Result<(), RegistryError> {
    let behalf = Behalf::registry()?;
    registry.keymanager.append(&behalf, event(kind, "", "done")).await.map_err(RegistryError::Unrecorded)
}

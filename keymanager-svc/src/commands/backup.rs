//! `backup`: a copy of the database while the service runs.

use std::path::Path;

use km_audit::EventKind;

use crate::{
    config::Config,
    startup::{self, StartError},
};

/// Writes the copy to `to`, which must not exist yet; that it was made is in the log.
pub fn run(config: &Config, to: &Path) -> Result<(), StartError> {
    let parts = startup::open(config)?;
    km_database::backup(parts.operations.storage.database().access(), to)?;
    let event = km_operations::system_event(&parts.operations, EventKind::BackupMade, "backup");
    parts.committer.record(km_storage::Unrecorded::new((), event))?;
    println!("the database was copied to {}", to.display());
    Ok(())
}

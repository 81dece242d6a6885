//! `restore`: puts a copy back, while the service is stopped. What was erased since then comes back only here: the
//! certificates of erasure say until when.

use std::path::Path;

use km_audit::EventKind;
use km_database::Access;

use crate::{
    config::Config,
    startup::{self, StartError},
};

pub fn run(config: &Config, from: &Path) -> Result<(), StartError> {
    let _lock = km_service::StateDir::open(&config.state_dir, "keymanager-svc")?;
    // No pool: a database that others hold open is not restored, and we would be the others.
    let access = Access::parse(&config.database.url, config.database.password_file.as_deref())?;
    km_database::restore(&access, from)?;
    let parts = startup::open(config)?;
    let event = km_operations::system_event(&parts.operations, EventKind::BackupRestored, "restore");
    parts.committer.record(km_storage::Unrecorded::new((), event))?;
    println!("the database was restored from {}", from.display());
    Ok(())
}

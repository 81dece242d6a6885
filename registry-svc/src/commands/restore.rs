//! `restore`: puts a copy back, while the service is stopped. Records that were erased since then come back as rows; their
//! keys are destroyed, so they stay closed.

use std::path::Path;

use km_audit::EventKind;
use km_database::Access;
use km_domain::{Clock, SystemClock};
use km_service::StateDir;
use serde_json::json;

use super::Done;
use crate::{
    config::Config,
    startup::{self, StartError},
    storage::{MIGRATIONS, StoreError, jobs},
};

/// Replaces the database by the copy at `from`, and brings it to this program's schema.
///
/// # Errors
/// The service runs, or the copy cannot be read.
pub fn run(config: &Config, from: &Path) -> Result<Done, StartError> {
    // Held to the end: the service cannot start meanwhile.
    let _state = StateDir::open(&config.state_dir, "registry-svc")?;
    let access = Access::parse(&config.database.url, config.database.password_file.as_deref())?;
    km_database::restore(&access, from)?;
    let database = startup::database(config)?;
    MIGRATIONS.run(&database)?;
    let now = SystemClock.now();
    let mut writer = database.writer()?;
    km_database::write(writer.db()?, |db| jobs::leave_notice(db, EventKind::RegistryRestored.name(), now))
        .map_err(|error: StoreError| StartError::from(error))?;
    Ok(Done {
        sentence: format!("the database was restored from {}", from.display()),
        facts: json!({ "restored_from": from.display().to_string() }),
    })
}

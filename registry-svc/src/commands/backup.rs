//! `backup`: a copy of the database while the service runs. It holds ciphertext only; the service, once it sees that a
//! copy was made, puts that into the log.

use std::path::Path;

use km_audit::EventKind;
use km_domain::{Clock, SystemClock};
use serde_json::json;

use super::Done;
use crate::{
    config::Config,
    startup::{self, StartError},
    storage::{MIGRATIONS, StoreError, jobs},
};

/// Writes the copy to `to`, which must not exist yet.
///
/// # Errors
/// The database does not answer, or the copy cannot be written.
pub fn run(config: &Config, to: &Path) -> Result<Done, StartError> {
    let database = startup::database(config)?;
    MIGRATIONS.check(&database)?;
    km_database::backup(database.access(), to)?;
    let now = SystemClock.now();
    let mut writer = database.writer()?;
    km_database::write(writer.db()?, |db| jobs::leave_notice(db, EventKind::BackupMade.name(), now))
        .map_err(|error: StoreError| StartError::from(error))?;
    Ok(Done {
        sentence: format!("the database was copied to {}", to.display()),
        facts: json!({ "copy": to.display().to_string() }),
    })
}

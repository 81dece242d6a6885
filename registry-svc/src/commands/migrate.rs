//! `migrate`: brings the database's schema to the one that this program knows.

use serde_json::json;

use super::Done;
use crate::{
    config::Config,
    startup::{self, StartError},
    storage::MIGRATIONS,
};

/// # Errors
/// The database does not answer, or a newer program wrote its schema.
pub fn run(config: &Config) -> Result<Done, StartError> {
    let database = startup::database(config)?;
    let steps = MIGRATIONS.run(&database)?;
    Ok(Done { sentence: format!("{steps} migration steps were run"), facts: json!({ "steps": steps }) })
}

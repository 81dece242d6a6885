//! The subcommands, one file each.

pub mod definition;
pub mod enrol;
pub mod erase;
pub mod find;
pub mod import;
pub mod list;
pub mod login;
pub mod open;
pub mod store;

use std::{path::Path, sync::Arc};

use km_client::{ClientError, Session, Statement};
use km_domain::{RegisterName, SystemClock, register::RegisterDefinition};

use crate::arguments::{Arguments, Purpose};

/// The session of the identity that the command line names.
pub fn session(arguments: &Arguments) -> Result<Session, ClientError> {
    let session = Session::open(&arguments.endpoints, &arguments.identity, Arc::new(SystemClock))?;
    Ok(match &arguments.reader_key {
        Some(path) => session.with_key_file(path),
        None => session,
    })
}

/// The register that is meant: the one named, else the one of the endpoints file.
pub fn register(session: &Session, named: Option<&RegisterName>) -> RegisterName {
    named.unwrap_or(&session.endpoints().register).clone()
}

pub fn statement(purpose: &Purpose) -> Statement {
    Statement { purpose: purpose.purpose.clone(), case: purpose.case.clone(), basis: purpose.basis.clone() }
}

/// Reads and lints a definition file.
pub fn definition_file(path: &Path) -> Result<RegisterDefinition, ClientError> {
    let wrong = |why: String| ClientError::Setup(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    RegisterDefinition::from_json(&text).map_err(|error| wrong(error.to_string()))
}

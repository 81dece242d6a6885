//! Names in a path.

use km_domain::{RecordId, RegisterName};

use crate::error::RegistryError;

/// # Errors
/// What is no register's name names no register.
pub fn register(text: &str) -> Result<RegisterName, RegistryError> {
    text.parse().map_err(|_| RegistryError::UnknownRegister)
}

/// # Errors
/// Not a UUID in its one spelling.
pub fn record(text: &str) -> Result<RecordId, RegistryError> {
    text.parse().map_err(|_| RegistryError::malformed("id", "must be a UUID in lower-case hyphenated form"))
}

//! Certificates of the roots, which others pin.

use crate::{OperationError, Operations};

/// The self-signed certificate of a root, DER.
pub fn root_certificate(operations: &Operations, id: &str) -> Result<Vec<u8>, OperationError> {
    let keys = operations.keyring.keys();
    let root = keys.system(id)?.current()?;
    let missing = || OperationError::Unavailable(format!("{id} has no certificate"));
    root.certificates.first().cloned().ok_or_else(missing)
}

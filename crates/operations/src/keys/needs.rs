//! What the token must be able to do before anything is made in it.

use crate::{OperationError, Operations};

/// The keys of the installation and of every tenant are of these kinds (`initialise`, `of_tenant`). What else a token lacks
/// is answered to whoever asks for it.
const NEEDED: [&str; 6] = ["aes-key-wrap", "hmac-sha256", "ecdsa-p256", "ecdh-p256", "rsa-2048", "rsa-oaep-sha256"];

/// Asked at start, so that an installation is refused whole and does not stop half-way.
///
/// Errors: `Unsupported`, naming all that is missing.
pub fn check_token(operations: &Operations) -> Result<(), OperationError> {
    let lacks = operations.keys.describe().lacks;
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| lacks.iter().any(|lack| lack == name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(OperationError::Unsupported(missing.join(", "))) }
}

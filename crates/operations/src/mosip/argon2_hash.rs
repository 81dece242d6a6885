//! The Argon2id hash of a text, at the cost that configuration says.

use km_audit::EventKind;
use km_domain::{SecretBytes, SecretText};
use km_envelope::mosip::argon2;
use km_storage::Unrecorded;

use super::renew::rules;
use crate::{Caller, Operation, OperationError, Operations};

/// A hash of 32 bytes and its salt.
pub struct Hashed {
    pub hash: SecretBytes,
    pub salt: Vec<u8>,
}

/// Hashes a text with this salt, or with a new one of 24 bytes.
///
/// Errors: a salt that is too short.
pub fn argon2_hash(
    operations: &Operations,
    caller: &Caller,
    text: &SecretText,
    salt: Option<&[u8]>,
) -> Operation<Hashed> {
    match hash(operations, text, salt) {
        Ok(hashed) => Unrecorded::new(Ok(hashed), caller.event(operations, EventKind::Mac)),
        Err(error) => caller.refuse(operations, EventKind::Mac, error),
    }
}

/// Bytes of a salt.
const LONGEST: usize = 1024;
const SHORTEST: usize = 8;

fn hash(operations: &Operations, text: &SecretText, salt: Option<&[u8]>) -> Result<Hashed, OperationError> {
    let salt = salt.map_or_else(|| argon2::new_salt().to_vec(), <[u8]>::to_vec);
    if !(SHORTEST..=LONGEST).contains(&salt.len()) {
        return Err(OperationError::invalid("salt", "must be 8 to 1024 bytes in base64url"));
    }
    let hash = argon2::hash(text, &salt, rules(operations)?.argon2)
        .map_err(|_| OperationError::Unavailable("the memory for the hash is not there".into()))?;
    Ok(Hashed { hash, salt })
}

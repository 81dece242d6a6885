//! Random bytes from the token's generator.

use km_audit::EventKind;
use km_domain::SecretBytes;
use km_policy::Action;
use km_storage::Unrecorded;

use crate::{Caller, Operation, OperationError, Operations};

const LONGEST: usize = 1024;

/// Between 1 and 1024 bytes.
pub fn random(operations: &Operations, caller: &Caller, length: usize) -> Operation<SecretBytes> {
    let bytes = caller.may(Action::Random, operations.clock.now()).and_then(|()| {
        if !(1..=LONGEST).contains(&length) {
            return Err(OperationError::invalid("length", "must be from 1 to 1024"));
        }
        Ok(operations.keys.random(length)?)
    });
    match bytes {
        Ok(bytes) => Unrecorded::new(Ok(bytes), caller.event(operations, EventKind::Random)),
        Err(error) => caller.refuse(operations, EventKind::Random, error),
    }
}

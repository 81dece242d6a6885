//! A witness's cosignature of a checkpoint, kept beside it.

use km_audit::Note;
use km_domain::ServiceIdentity;
use km_storage::{Unrecorded, Write};

use crate::{Operation, OperationError, Operations};

/// Keeps the cosigned checkpoint of a service. The note must be the checkpoint that this log signed at that size.
pub fn cosign(operations: &Operations, service: &ServiceIdentity, text: &str) -> Operation<()> {
    match check(operations, text) {
        Ok(size) => {
            let now = operations.clock.now();
            let write = Write::insert_cosignature(size, service.uri(), text.to_owned(), now);
            Unrecorded::unremarkable(Ok(())).with(write)
        }
        Err(error) => Unrecorded::unremarkable(Err(error)),
    }
}

fn check(operations: &Operations, text: &str) -> Result<u64, OperationError> {
    let malformed = || OperationError::invalid("note", "must be a checkpoint of this log with a cosignature");
    let note = Note::parse(text).map_err(|_| malformed())?;
    let checkpoint = note.checkpoint().map_err(|_| malformed())?;
    let (public, _) = super::signer(operations)?;
    note.verify_signature(&operations.rules.log_origin, &public).map_err(|_| malformed())?;
    if note.signatures.len() < 2 { Err(malformed()) } else { Ok(checkpoint.size) }
}

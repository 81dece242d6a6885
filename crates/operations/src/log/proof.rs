//! Proofs from the log. They show hashes only, which events' salts make unguessable.

use km_audit::{Hash, proof};

use crate::{OperationError, Operations};

fn out_of_range() -> OperationError {
    OperationError::invalid("range", "must lie within the log")
}

/// Audit path of one entry in the tree of this size.
pub fn inclusion(operations: &Operations, index: u64, size: u64) -> Result<Vec<Hash>, OperationError> {
    let head = operations.storage.head()?;
    if size > head.size() || index >= size {
        return Err(out_of_range());
    }
    proof::inclusion(index, size, &mut operations.storage.nodes()).map_err(explain)
}

/// Proof that the log of `from` entries is a prefix of the log of `to` entries.
pub fn consistency(operations: &Operations, from: u64, to: u64) -> Result<Vec<Hash>, OperationError> {
    let head = operations.storage.head()?;
    if to > head.size() || from > to {
        return Err(out_of_range());
    }
    proof::consistency(from, to, &mut operations.storage.nodes()).map_err(explain)
}

fn explain(error: proof::ProofError<km_storage::StorageError>) -> OperationError {
    match error {
        proof::ProofError::OutOfRange => out_of_range(),
        proof::ProofError::Read(error) => error.into(),
    }
}

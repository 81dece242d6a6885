//! Checkpoints: the log's size and root, signed by a key in the token. One is signed only if it extends the last.

use km_audit::{Checkpoint, Hash, Note, proof};
use km_crypto::PublicKey;
use km_domain::SignatureAlgorithm;
use km_storage::{StorageError, Unrecorded, Write};

use crate::{OperationError, Operations, Record, keys::names};

/// Signs a checkpoint of the log as it stands, unless the newest one says the same. Returns the newest.
pub fn checkpoint(operations: &Operations, record: &Record) -> Result<(u64, String), OperationError> {
    let head = operations.storage.head()?;
    let last = operations.storage.newest_checkpoint()?;
    if let Some((size, note)) = &last
        && *size == head.size()
    {
        return Ok((*size, note.clone()));
    }
    let fresh =
        Checkpoint { origin: operations.rules.log_origin.clone(), size: head.size(), root: head.frontier.root() };
    if let Some((_, note)) = &last {
        extended(operations, note, &fresh)?;
    }
    let keys = operations.keyring.keys();
    let key = keys.system(names::CHECKPOINT)?.current()?;
    let public =
        key.public().ok_or_else(|| OperationError::Unavailable("the checkpoint key has no public key".into()))?;
    let mut note = Note::of(&fresh);
    let signature = operations.keys.sign(&key.stored, SignatureAlgorithm::Es256, note.bytes_to_sign())?;
    note.add_signature(&fresh.origin, public, &signature)
        .map_err(|error| OperationError::Unavailable(error.to_string()))?;
    let text = note.to_string();
    let write = Write::insert_checkpoint(fresh.size, text.clone(), operations.clock.now());
    match record.record(Unrecorded::unremarkable(()).with(write)) {
        // Another replica signed the same size: theirs is as good.
        Ok(_) | Err(StorageError::Conflict(_)) => Ok((fresh.size, text)),
        Err(error) => Err(error.into()),
    }
}

/// Checks that the log extends a checkpoint that somebody kept: its signature, and that the log still begins so.
pub fn extends(operations: &Operations, kept: &str) -> Result<(), OperationError> {
    let forged = || OperationError::Unavailable("the kept checkpoint is not one that this log signed.".into());
    let (public, _) = signer(operations)?;
    let note = Note::parse(kept).map_err(|_| forged())?;
    note.verify_signature(&operations.rules.log_origin, &public).map_err(|_| forged())?;
    let head = operations.storage.head()?;
    let now = Checkpoint { origin: operations.rules.log_origin.clone(), size: head.size(), root: head.frontier.root() };
    extended(operations, kept, &now)
}

/// Checks that the log still begins with what the last checkpoint said: a log that was cut or rewritten is not signed.
fn extended(operations: &Operations, last: &str, fresh: &Checkpoint) -> Result<(), OperationError> {
    let forked = || {
        OperationError::Unavailable(
            "the log does not extend its last checkpoint: entries were dropped or rewritten.".into(),
        )
    };
    let last = Note::parse(last).and_then(|note| note.checkpoint()).map_err(|_| forked())?;
    if last.size > fresh.size {
        return Err(forked());
    }
    let old_root: Hash = last.root;
    let path = proof::consistency(last.size, fresh.size, &mut operations.storage.nodes()).map_err(|_| forked())?;
    proof::verify_consistency(last.size, fresh.size, &path, &old_root, &fresh.root).map_err(|_| forked())
}

/// The newest signed checkpoint.
pub fn newest(operations: &Operations) -> Result<Option<(u64, String)>, OperationError> {
    Ok(operations.storage.newest_checkpoint()?)
}

/// The public key and certificate chain of the key that signs checkpoints.
pub fn signer(operations: &Operations) -> Result<(PublicKey, Vec<Vec<u8>>), OperationError> {
    let keys = operations.keyring.keys();
    let key = keys.system(names::CHECKPOINT)?.current()?;
    let public = key.public().cloned();
    let public = public.ok_or_else(|| OperationError::Unavailable("the checkpoint key has no public key".into()))?;
    Ok((public, key.certificates.clone()))
}

//! Decrypt what `encrypt` gave out, or what somebody encrypted to a caller's RSA key.

use km_audit::EventKind;
use km_crypto::aead;
use km_domain::{KeyPurpose, SecretBytes};
use km_policy::{Action, Denied};

use super::{Batch, Ciphertext, conclude, key_event, usable};
use crate::{Caller, Key, Operation, OperationError, Operations};

/// Decrypts every item: ciphertext and the context that it was encrypted with. An RSA key opens RSAES-OAEP with SHA-256.
pub fn decrypt(
    operations: &Operations,
    caller: &Caller,
    id: &str,
    items: &[(Vec<u8>, Vec<u8>)],
) -> Operation<Batch<SecretBytes>> {
    let keys = operations.keyring.keys();
    let key =
        usable(operations, &keys, caller, Action::Decrypt, id, KeyPurpose::Encrypt).or_else(|error| match error {
            OperationError::Denied(Denied::Key) => {
                usable(operations, &keys, caller, Action::Decrypt, id, KeyPurpose::Decrypt)
            }
            other => Err(other),
        });
    let key = match key {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::Decrypt, error),
    };
    let results = items
        .iter()
        .map(|(ciphertext, context)| match key.purpose {
            KeyPurpose::Decrypt => open_rsa(operations, &key, ciphertext),
            _ => open(operations, &key, &Ciphertext::parse(ciphertext)?, context),
        })
        .collect();
    conclude(&keys, key_event(operations, caller, EventKind::Decrypt, &key, None), results)
}

/// Opens one ciphertext of this key. A wrong key, version, tag or context gives one and the same error on one and the same
/// way: a ciphertext that names another key is tried too, and fails because its header is authenticated.
pub(super) fn open(
    operations: &Operations,
    key: &Key,
    ciphertext: &Ciphertext,
    context: &[u8],
) -> Result<SecretBytes, OperationError> {
    let named = key.processing(ciphertext.key.version);
    let version = named.or_else(|| key.live().last()).ok_or(OperationError::NotOpened)?;
    let aad = ciphertext.aad(context);
    let Some(wrapped) = &ciphertext.wrapped else {
        return Ok(operations.keys.decrypt(&version.stored, &ciphertext.iv, &aad, &ciphertext.sealed)?);
    };
    let (iv, sealed_key) = wrapped.split_first_chunk::<12>().ok_or(OperationError::NotOpened)?;
    let data_key = operations.keys.decrypt(&version.stored, iv, &ciphertext.wrapping_aad(context), sealed_key)?;
    aead::open(data_key.expose(), &ciphertext.iv, &aad, &ciphertext.sealed).map_err(|_| OperationError::NotOpened)
}

/// The ciphertext does not say which version it is for: the newest is tried first.
fn open_rsa(operations: &Operations, key: &Key, ciphertext: &[u8]) -> Result<SecretBytes, OperationError> {
    let mut outcome = Err(OperationError::NotOpened);
    for version in key.versions.values().rev().filter(|version| version.state.processes()) {
        outcome = operations.keys.decrypt_oaep_sha256(&version.stored, ciphertext).map_err(OperationError::from);
        if !matches!(outcome, Err(OperationError::NotOpened)) {
            break;
        }
    }
    outcome
}

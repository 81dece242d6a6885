//! Encrypt, decrypt, rewrap, sign, verify, MAC, data keys and random bytes for backends: each for one item or many.
//!
//! A batch is one operation with one event that carries the count; an item that fails does not fail its neighbours.

mod ciphertext;
mod data_key;
mod decrypt;
mod encrypt;
mod mac;
mod random;
mod rewrap;
mod sign;
mod verify;

pub use ciphertext::Ciphertext;
pub use data_key::{DataKey, new_data_keys, unwrap_data_keys};
pub use decrypt::decrypt;
pub use encrypt::{Encrypted, Plain, encrypt};
pub use mac::{Maced, mac, verify_mac};
pub use random::random;
pub use rewrap::rewrap;
pub use sign::{Signed, sign};
pub use verify::{Claim, verify};

use std::sync::Arc;

use km_audit::{Event, EventKind};
use km_domain::KeyPurpose;
use km_policy::{Action, Denied};
use km_storage::Unrecorded;

use crate::{Caller, Key, Keys, Operation, OperationError, Operations, caller::refused};

/// Results of a batch, in the order of its items.
pub type Batch<T> = Vec<Result<T, OperationError>>;

/// The key that a caller named, provided that the caller may use it so. Unknown, another tenant's, another purpose's and
/// forbidden keys all give the same answer.
fn usable(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    action: Action,
    id: &str,
    purpose: KeyPurpose,
) -> Result<Arc<Key>, OperationError> {
    caller.may(action, operations.clock.now())?;
    let key = keys.key(caller.tenant(), id).filter(|key| key.purpose == purpose).ok_or(Denied::Key)?;
    km_policy::authorise_key(&caller.principal, &key.roles)?;
    Ok(Arc::clone(key))
}

/// One event for a batch: done when any item was, with the counts of both.
fn conclude<T>(keys: &Keys, mut event: Event, results: Batch<T>) -> Operation<Batch<T>> {
    let failed = results.iter().filter(|result| result.is_err()).count();
    event.count = results.len() as u64;
    if failed > 0 {
        event.figures.insert("refused".to_owned(), failed as u64);
    }
    let first_error = results.iter().find_map(|result| result.as_ref().err());
    if failed == results.len()
        && let Some(error) = first_error
    {
        event = refused(event, error);
    }
    // A token that is gone is no fault of the items: the whole call says so.
    if let Some(OperationError::Unavailable(reason)) =
        results.iter().find_map(|result| result.as_ref().err().filter(|e| matches!(e, OperationError::Unavailable(_))))
    {
        let error = OperationError::Unavailable(reason.clone());
        let event = refused(event, &error);
        return Unrecorded::new(Err(error), event);
    }
    Unrecorded::new(Ok(results), event).checked_at(keys.epoch)
}

/// An event about a key.
fn key_event(operations: &Operations, caller: &Caller, kind: EventKind, key: &Key, version: Option<u32>) -> Event {
    let mut event = caller.event(operations, kind);
    event.key = Some(key.id.clone());
    event.key_version = version;
    event
}

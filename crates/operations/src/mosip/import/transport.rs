//! The key to which keys are sealed on their way in.

use km_audit::EventKind;
use km_crypto::transport::Form;
use km_domain::{KeyAlgorithm, KeyId, KeyPurpose, KeyVersionRef};
use km_storage::{Unrecorded, Write};
use serde_json::Value;

use super::admitted;
use crate::{
    Caller, Key, Keys, Operation, OperationError, Operations, Record, Version,
    caller::refused,
    keys::{self, describe, make_version, names, seal_row},
};

/// The key as senders need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// A JSON Web Key with its name and, in `x5c`, its certificate under the business root.
    pub key: Value,
    pub form: Form,
}

/// The tenant's transport key. Where there is none yet, it is made: the answer is nothing then, and the door asks again.
pub fn transport(operations: &Operations, record: &Record, caller: &Caller) -> Operation<Option<Transport>> {
    let keys = operations.keyring.keys();
    if let Err(error) = admitted(operations, caller) {
        return caller.refuse(operations, EventKind::KeyCreateOutcome, error);
    }
    match existing(&keys, caller) {
        Ok(Some(key)) => Unrecorded::unremarkable(described(operations, key).map(Some)),
        Ok(None) => made(operations, record, caller, &keys).map(|done| done.map(|()| None)),
        Err(error) => caller.refuse(operations, EventKind::KeyCreateOutcome, error),
    }
}

/// The current version of this name, to unwrap with.
pub(super) fn named<'a>(keys: &'a Keys, caller: &Caller, name: &KeyVersionRef) -> Result<&'a Version, OperationError> {
    const OLD: OperationError =
        OperationError::refused("transport-key-unknown", "it is not the tenant's current transport key");
    let key = existing(keys, caller)?.ok_or(OLD)?;
    let version = key.current()?;
    if version.stored.name == *name { Ok(version) } else { Err(OLD) }
}

fn existing<'a>(keys: &'a Keys, caller: &Caller) -> Result<Option<&'a Key>, OperationError> {
    let tenant = caller.tenant();
    let known = keys.key(tenant, names::TRANSPORT).map(|key| &**key);
    match known {
        None if keys.refused.contains(&format!("{tenant}/{}", names::TRANSPORT)) => {
            Err(keys::altered(&format!("{tenant}/{}", names::TRANSPORT)))
        }
        // An officer gave a key of their own this name.
        Some(key) if key.purpose != KeyPurpose::Transport => Err(OperationError::Conflict("key-exists")),
        known => Ok(known),
    }
}

fn described(operations: &Operations, key: &Key) -> Result<Transport, OperationError> {
    let entry = keys::jwk(key, key.current()?)?;
    let key = entry.ok_or_else(|| OperationError::Unavailable("the transport key has no public half".into()))?;
    Ok(Transport { key, form: operations.keys.transport_form()? })
}

fn made(operations: &Operations, record: &Record, caller: &Caller, keys: &Keys) -> Operation<()> {
    let id: KeyId = match names::TRANSPORT.parse() {
        Ok(id) => id,
        Err(_) => return Unrecorded::unremarkable(Err(OperationError::NotFound("key"))),
    };
    let about = |kind| {
        let mut event = caller.event(operations, kind);
        event.key = Some(id.clone());
        event.key_version = Some(1);
        event
    };
    let begun = match record.record(Unrecorded::new((), about(EventKind::KeyCreateIntent))) {
        Ok(recorded) => recorded.placed.map(|placed| placed.log_index),
        Err(error) => return Unrecorded::unremarkable(Err(error.into())),
    };
    let mut outcome = about(EventKind::KeyCreateOutcome);
    outcome.intent = begun;
    let (purpose, algorithm) = (KeyPurpose::Transport, KeyAlgorithm::Rsa3072);
    let nobody = std::collections::BTreeSet::new();
    let mut row = describe(operations, caller.tenant(), &id, purpose, algorithm, &nobody, None);
    let sealed = make_version(operations, keys, &row, purpose, algorithm, 1).and_then(|mut version| {
        row.integrity = seal_row(operations, keys, &row.covered())?;
        version.integrity = seal_row(operations, keys, &version.covered())?;
        Ok(version)
    });
    match sealed {
        Ok(version) => {
            let conflict = refused(outcome.clone(), &OperationError::Conflict("key-exists"));
            Unrecorded::new(Ok(()), outcome)
                .with(Write::insert_key(row))
                .with(Write::insert_key_version(version))
                .changing_state()
                .or_on_conflict(conflict)
        }
        Err(error) => {
            let event = refused(outcome, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

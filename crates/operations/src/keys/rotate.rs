//! Rotation: a new version protects from now on; the old ones decrypt and verify only. Nothing that they sealed is
//! rewritten here: subject keys follow by rewrap, index terms by their own job.

use km_audit::EventKind;
use km_domain::{KeyId, KeyPurpose, KeyState, TenantId};
use km_policy::{Action, Denied};
use km_storage::{Unrecorded, VersionRow, Write};

use super::make::{make_version, seal_row};
use crate::{Caller, Key, Keys, Operation, OperationError, Operations, Record, caller::refused};

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    pub key: KeyId,
    pub version: u32,
}

/// Rotates a key of the caller's tenant: intent, generation in the token, outcome.
pub fn rotate(operations: &Operations, record: &Record, caller: &Caller, id: &str) -> Operation<Rotated> {
    let keys = operations.keyring.keys();
    let key = match rotatable(operations, caller, &keys, caller.tenant(), id) {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::KeyRotateOutcome, error),
    };
    let mut intent = caller.event(operations, EventKind::KeyRotateIntent);
    intent.key = Some(key.id.clone());
    let begun = match record.record(Unrecorded::new((), intent)) {
        Ok(recorded) => recorded.placed.map(|placed| placed.log_index),
        Err(error) => return Unrecorded::unremarkable(Err(error.into())),
    };
    let number = key.versions.keys().last().map_or(1, |last| last + 1);
    let mut outcome = caller.event(operations, EventKind::KeyRotateOutcome);
    outcome.key = Some(key.id.clone());
    outcome.key_version = Some(number);
    outcome.intent = begun;
    match next_version(operations, &keys, key, number) {
        Ok((fresh, old)) => {
            let conflict = refused(outcome.clone(), &OperationError::Conflict("key-version-changed"));
            Unrecorded::new(Ok(Rotated { key: key.id.clone(), version: number }), outcome)
                .with(Write::insert_key_version(fresh))
                .with_all(old.into_iter().map(|row| Write::update_key_version(row, KeyState::Active.name())))
                .changing_state()
                .or_on_conflict(conflict)
        }
        Err(error) => {
            let event = refused(outcome, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

fn rotatable<'a>(
    operations: &Operations,
    caller: &Caller,
    keys: &'a Keys,
    tenant: &TenantId,
    id: &str,
) -> Result<&'a Key, OperationError> {
    caller.may(Action::RotateKey, operations.clock.now())?;
    let key = keys.key(tenant, id).ok_or(OperationError::Denied(Denied::Key))?;
    let rotates = key.purpose.is_for_callers()
        || matches!(
            key.purpose,
            KeyPurpose::KeyEncryption
                | KeyPurpose::Index
                | KeyPurpose::Ingest
                | KeyPurpose::Answer
                | KeyPurpose::Transport
        );
    if rotates { Ok(key) } else { Err(OperationError::refused("key-not-rotatable", "roots are renewed by a ceremony")) }
}

fn next_version(
    operations: &Operations,
    keys: &Keys,
    key: &Key,
    number: u32,
) -> Result<(VersionRow, Vec<VersionRow>), OperationError> {
    let mut fresh = make_version(operations, keys, &key.row, key.purpose, key.algorithm, number)?;
    fresh.integrity = seal_row(operations, keys, &fresh.covered())?;
    let old = key
        .versions
        .values()
        .filter(|version| version.state == KeyState::Active)
        .map(|version| {
            let mut row = version.row.clone();
            row.state = KeyState::Deactivated.name().to_owned();
            row.deactivated = Some(fresh.created);
            row.integrity = seal_row(operations, keys, &row.covered())?;
            Ok(row)
        })
        .collect::<Result<Vec<_>, OperationError>>()?;
    Ok((fresh, old))
}

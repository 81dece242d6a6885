//! An officer makes a key for callers.

use std::collections::BTreeSet;

use km_audit::EventKind;
use km_domain::{KeyAlgorithm, KeyId, KeyPurpose, Role, TenantId};
use km_policy::Action;
use km_storage::{KeyRow, Unrecorded, VersionRow, Write};

use super::make::{make_version, seal_row};
use crate::{Caller, IndexTarget, Keys, Operation, OperationError, Operations, Record, caller::refused};

/// What a new key shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub id: KeyId,
    pub purpose: KeyPurpose,
    pub algorithm: KeyAlgorithm,
    /// Roles that may use it.
    pub roles: BTreeSet<Role>,
}

/// Makes a key: intent, generation in the token, outcome. Returns its id. The key serves from the next keyring load on.
pub fn create(operations: &Operations, record: &Record, caller: &Caller, new: NewKey) -> Operation<KeyId> {
    if let Err(error) = allowed(operations, caller, &new) {
        return caller.refuse(operations, EventKind::KeyCreateOutcome, error);
    }
    let mut intent = caller.event(operations, EventKind::KeyCreateIntent);
    intent.key = Some(new.id.clone());
    let begun = match record.record(Unrecorded::new((), intent)) {
        Ok(recorded) => recorded.placed.map(|placed| placed.log_index),
        Err(error) => return Unrecorded::unremarkable(Err(error.into())),
    };
    let keys = operations.keyring.keys();
    let mut outcome = caller.event(operations, EventKind::KeyCreateOutcome);
    outcome.key = Some(new.id.clone());
    outcome.key_version = Some(1);
    outcome.intent = begun;
    match rows(operations, &keys, caller.tenant(), &new.id, new.purpose, new.algorithm, &new.roles, None) {
        Ok((key, version)) => {
            let conflict = refused(outcome.clone(), &OperationError::Conflict("key-exists"));
            Unrecorded::new(Ok(new.id), outcome)
                .with(Write::insert_key(key))
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

fn allowed(operations: &Operations, caller: &Caller, new: &NewKey) -> Result<(), OperationError> {
    caller.may(Action::CreateKey, operations.clock.now())?;
    let fits = match new.purpose {
        KeyPurpose::Encrypt => new.algorithm == KeyAlgorithm::Aes256,
        KeyPurpose::Mac => new.algorithm == KeyAlgorithm::HmacSha256,
        KeyPurpose::Sign => !new.algorithm.signatures().is_empty(),
        KeyPurpose::Decrypt => {
            matches!(new.algorithm, KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096)
        }
        _ => return Err(OperationError::invalid("purpose", "must be encrypt, sign, decrypt or mac")),
    };
    if !fits {
        return Err(OperationError::invalid("algorithm", "does not fit the purpose"));
    }
    if new.roles.is_empty() {
        return Err(OperationError::invalid("allow", "must name at least one role; nobody else may use the key"));
    }
    Ok(())
}

/// The rows of a new key and its first version, with their integrity codes.
#[allow(clippy::too_many_arguments)]
pub(super) fn rows(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    id: &KeyId,
    purpose: KeyPurpose,
    algorithm: KeyAlgorithm,
    roles: &BTreeSet<Role>,
    index: Option<&IndexTarget>,
) -> Result<(KeyRow, VersionRow), OperationError> {
    let mut key = describe(operations, tenant, id, purpose, algorithm, roles, index);
    let mut version = make_version(operations, keys, &key, purpose, algorithm, 1)?;
    key.integrity = seal_row(operations, keys, &key.covered())?;
    version.integrity = seal_row(operations, keys, &version.covered())?;
    Ok((key, version))
}

pub(crate) fn describe(
    operations: &Operations,
    tenant: &TenantId,
    id: &KeyId,
    purpose: KeyPurpose,
    algorithm: KeyAlgorithm,
    roles: &BTreeSet<Role>,
    index: Option<&IndexTarget>,
) -> KeyRow {
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    KeyRow {
        tenant: tenant.to_string(),
        id: id.to_string(),
        purpose: purpose.name().to_owned(),
        algorithm: algorithm.name().to_owned(),
        roles: serde_json::json!(names).to_string(),
        register: index.map(|target| target.register.to_string()).unwrap_or_default(),
        field: index.map(|target| target.field.to_string()).unwrap_or_default(),
        index_kind: index.map(|target| target.kind.name().to_owned()).unwrap_or_default(),
        created: operations.clock.now().micros(),
        integrity: Vec::new(),
    }
}

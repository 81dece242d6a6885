//! The keys that an installation and each of its tenants must have. Running it again makes only what is missing.

use std::collections::BTreeSet;

use km_audit::{EventKind, Outcome};
use km_domain::{KeyAlgorithm, KeyId, KeyPurpose, TenantId};
use km_keystore::{KeyStore, StoredKey};
use km_storage::{KeyRow, Unrecorded, VersionRow, Write};

use super::{
    create::{describe, rows},
    make::make_version,
    names,
    of_tenant::{altered, missing},
};
use crate::{OperationError, Operations, Record, caller::system_event};

/// Makes the installation's keys that are missing, in the order in which they need each other. Returns the names of those
/// it made.
pub fn initialise(operations: &Operations, record: &Record) -> Result<Vec<String>, OperationError> {
    let system = TenantId::system();
    let mut made = Vec::new();
    if operations.keyring.keys().system(names::ROW_INTEGRITY).is_err() {
        first_key(operations, record, &system)?;
        made.push(names::ROW_INTEGRITY.to_owned());
    }
    let wanted = [
        (names::DATA_ROOT, KeyPurpose::DataRoot, KeyAlgorithm::Aes256),
        (names::KEY_ROOT, KeyPurpose::KeyRoot, KeyAlgorithm::Aes256),
        (names::SERVICE_ROOT, KeyPurpose::ServiceRoot, KeyAlgorithm::P256),
        (names::EVIDENCE_ROOT, KeyPurpose::EvidenceRoot, KeyAlgorithm::P256),
        (names::BUSINESS_ROOT, KeyPurpose::BusinessRoot, KeyAlgorithm::P256),
        (names::CHECKPOINT, KeyPurpose::Checkpoint, KeyAlgorithm::P256),
        (names::EVIDENCE_SIGNER, KeyPurpose::EvidenceSigner, KeyAlgorithm::P256),
    ];
    for (id, purpose, algorithm) in wanted {
        made.extend(ensure(operations, record, &system, id, purpose, algorithm)?);
    }
    Ok(made)
}

/// Makes a tenant and the keys of it that are missing.
pub fn initialise_tenant(
    operations: &Operations,
    record: &Record,
    tenant: &TenantId,
) -> Result<Vec<String>, OperationError> {
    if tenant.is_system() {
        return Err(OperationError::invalid("tenant", "this name is the installation's own"));
    }
    let mut made = Vec::new();
    if !operations.storage.tenants()?.contains(tenant) {
        let mut event = system_event(operations, EventKind::TenantCreated, "init");
        event.tenant = Some(tenant.clone());
        let now = operations.clock.now();
        record.record(Unrecorded::new((), event).with(Write::insert_tenant(tenant, now)))?;
        made.push(format!("tenant {tenant}"));
    }
    for wanted in missing(operations, &operations.keyring.keys(), tenant)? {
        let begun = intend(operations, record, tenant, &wanted.id)?;
        let (key, version) = wanted.make(operations, &operations.keyring.keys(), tenant)?;
        commit(operations, record, begun, key, version)?;
        made.push(format!("{tenant}/{}", wanted.id));
    }
    Ok(made)
}

fn ensure(
    operations: &Operations,
    record: &Record,
    tenant: &TenantId,
    id: &str,
    purpose: KeyPurpose,
    algorithm: KeyAlgorithm,
) -> Result<Option<String>, OperationError> {
    let keys = operations.keyring.keys();
    if keys.key(tenant, id).is_some() {
        return Ok(None);
    }
    let name = format!("{tenant}/{id}");
    if keys.refused.contains(&name) {
        return Err(altered(&name));
    }
    let id: KeyId = id.parse().map_err(|_| OperationError::invalid("id", "must be a key id"))?;
    let begun = intend(operations, record, tenant, &id)?;
    let (key, version) = rows(operations, &keys, tenant, &id, purpose, algorithm, &BTreeSet::new(), None)?;
    commit(operations, record, begun, key, version)?;
    Ok(Some(name))
}

/// Records that the key is about to be made; gives the index of that event.
fn intend(
    operations: &Operations,
    record: &Record,
    tenant: &TenantId,
    key: &KeyId,
) -> Result<Option<u64>, OperationError> {
    let mut intent = system_event(operations, EventKind::KeyCreateIntent, "init");
    intent.tenant = Some(tenant.clone());
    intent.key = Some(key.clone());
    Ok(record.record(Unrecorded::new((), intent))?.placed.map(|placed| placed.log_index))
}

fn commit(
    operations: &Operations,
    record: &Record,
    intent: Option<u64>,
    key: KeyRow,
    version: VersionRow,
) -> Result<(), OperationError> {
    let mut outcome = system_event(operations, EventKind::KeyCreateOutcome, "init");
    outcome.tenant = key.tenant.parse().ok();
    outcome.key = key.id.parse().ok();
    outcome.key_version = Some(1);
    outcome.intent = intent;
    outcome.outcome = Outcome::Done;
    let write = Unrecorded::new((), outcome)
        .with(Write::insert_key(key))
        .with(Write::insert_key_version(version))
        .changing_state();
    record.record(write)?;
    operations.keyring.load(&operations.storage, &*operations.keys)
}

/// The row integrity key vouches for all rows, its own included.
fn first_key(operations: &Operations, record: &Record, system: &TenantId) -> Result<(), OperationError> {
    let (purpose, algorithm) = (KeyPurpose::RowIntegrity, KeyAlgorithm::HmacSha256);
    let id: KeyId = names::ROW_INTEGRITY.parse().map_err(|_| OperationError::NotFound("key"))?;
    let keys = operations.keyring.keys();
    let mut key = describe(operations, system, &id, purpose, algorithm, &BTreeSet::new(), None);
    let mut version = make_version(operations, &keys, &key, purpose, algorithm, 1)?;
    let stored = crate::keyring::stored_key(&version).ok_or(OperationError::NotFound("key"))?;
    key.integrity = code(&*operations.keys, &stored, &key.covered())?;
    version.integrity = code(&*operations.keys, &stored, &version.covered())?;
    commit(operations, record, None, key, version)
}

fn code(store: &dyn KeyStore, key: &StoredKey, covered: &[u8]) -> Result<Vec<u8>, OperationError> {
    Ok(store.mac(key, covered)?.to_vec())
}

//! Moving subject keys to the newest key-encryption key, and saying how many are left.

use km_audit::{Event, EventKind, Outcome};
use km_domain::{FieldName, RegisterName, TenantId, register::IndexKind};
use km_storage::{Unrecorded, Write};

use km_policy::Action;

use crate::{Caller, Keys, Operation, OperationError, Operations, caller::system_event, keys::names};

/// Moves up to `limit` subject keys of a tenant; says how many it moved and how many are left. Interrupted anywhere, the
/// next step goes on from what the table says.
pub fn rewrap_step(operations: &Operations, tenant: &TenantId, limit: u32) -> Operation<(usize, u64)> {
    let keys = operations.keyring.keys();
    match step(operations, &keys, tenant, limit) {
        Ok((0, ..)) => Unrecorded::unremarkable(Ok((0, 0))),
        Ok((moved, left, writes, version)) => {
            let mut event = system_event(operations, EventKind::RewrapProgress, "rewrap");
            event.tenant = Some(tenant.clone());
            event.key = names::KEK.parse().ok();
            event.key_version = Some(version);
            event.count = moved as u64;
            event.figures.insert("remaining".into(), left);
            Unrecorded::new(Ok((moved, left)), event).with_all(writes).checked_at(keys.epoch)
        }
        Err(error) => {
            let mut event: Event = system_event(operations, EventKind::RewrapProgress, "rewrap");
            event.tenant = Some(tenant.clone());
            event.outcome = Outcome::Failed;
            event.reason = Some(error.code().to_owned());
            Unrecorded::new(Err(error), event)
        }
    }
}

fn step(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    limit: u32,
) -> Result<(usize, u64, Vec<Write>, u32), OperationError> {
    // A tenant that is just being made has no such key yet, and nothing under it.
    if keys.key(tenant, names::KEK).is_none() && !keys.refused.contains(&format!("{tenant}/{}", names::KEK)) {
        return Ok((0, 0, Vec::new(), 0));
    }
    let kek = keys.of_tenant(tenant, names::KEK)?;
    let current = kek.current()?;
    let rows = operations.storage.subjects_to_rewrap(tenant, current.number, limit)?;
    let now = operations.clock.now();
    let writes = rows
        .iter()
        .map(|row| {
            let from = &kek.that_wraps(row)?.stored;
            let wrapped = operations.keys.rewrap_data_key(from, &current.stored, &row.wrapped)?;
            Ok(Write::rewrap_subject(row, current.number, wrapped, now))
        })
        .collect::<Result<Vec<_>, OperationError>>()?;
    let old = operations.storage.subjects_under_older(tenant, current.number)?;
    let left = old.saturating_sub(rows.len() as u64);
    Ok((rows.len(), left, writes, current.number))
}

/// How far rotation is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Version of the key-encryption key, its state, and how many subject keys it wraps.
    pub key_encryption: Vec<(u32, String, u64)>,
    pub index: Vec<IndexVersions>,
}

/// Versions of one index key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexVersions {
    pub register: RegisterName,
    pub field: FieldName,
    pub kind: IndexKind,
    pub current: u32,
    pub live: Vec<u32>,
}

/// The status of the caller's tenant.
pub fn status_for(operations: &Operations, caller: &Caller) -> Operation<Status> {
    let allowed = caller.may(Action::RewrapStatus, operations.clock.now());
    match allowed.and_then(|()| status(operations, caller.tenant())) {
        Ok(status) => Unrecorded::unremarkable(Ok(status)),
        Err(error) => caller.refuse(operations, EventKind::AccessRefused, error),
    }
}

/// The status of a tenant's rotation. Counts are of rows, not estimates.
pub fn status(operations: &Operations, tenant: &TenantId) -> Result<Status, OperationError> {
    let keys = operations.keyring.keys();
    let kek = keys.of_tenant(tenant, names::KEK)?;
    let counts = operations.storage.subjects_by_kek(tenant)?;
    let count = |version: u32| {
        let found = counts.iter().find(|(counted, _)| *counted == i64::from(version));
        found.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0))
    };
    let key_encryption = kek
        .versions
        .values()
        .map(|version| (version.number, version.state.name().to_owned(), count(version.number)))
        .collect();
    let mut index: Vec<IndexVersions> = keys
        .tenant_keys(tenant)
        .into_iter()
        .filter_map(|key| {
            let target = key.index.as_ref()?;
            Some(IndexVersions {
                register: target.register.clone(),
                field: target.field.clone(),
                kind: target.kind,
                current: key.current().ok()?.number,
                live: key.live().map(|version| version.number).collect(),
            })
        })
        .collect();
    index.sort_by(|a, b| (&a.register, &a.field).cmp(&(&b.register, &b.field)));
    Ok(Status { key_encryption, index })
}

//! Random keys made, as many as the bootstrap file says.

use km_audit::{Event, EventKind};
use km_domain::TenantId;
use km_storage::{MosipZkKeyRow, Unrecorded, Write};

use super::wrapping_key;
use crate::{
    Keys, Operation, OperationError, Operations,
    caller::refused,
    keys::seal_row,
    mosip::{Fault, KeyName, Step},
};

/// Most made at a time, so that a step stays short.
const BATCH: u32 = 200;

/// Makes the next of them, `missing` at most. They serve from the next keyring load on.
///
/// Errors: the key above is missing; another replica was faster.
pub(in crate::mosip) fn make_random_keys(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    event: &dyn Fn(EventKind) -> Event,
    missing: u32,
) -> Operation<Option<Step>> {
    let name = KeyName::identity_cache();
    match made(operations, keys, tenant, missing.min(BATCH)) {
        Ok(rows) => {
            let mut event = event(EventKind::DataKey);
            event.object = Some(name.to_string());
            event.count = rows.len() as u64;
            let conflict = refused(event.clone(), &OperationError::Conflict("mosip-zk-key-exists"));
            let done = Unrecorded::new(Ok(()), event).with(Write::insert_mosip_zk_keys(rows));
            Step::of("random keys under", &name, done.changing_state().or_on_conflict(conflict))
        }
        Err(error) => Unrecorded::unremarkable(Err(error)),
    }
}

fn made(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    count: u32,
) -> Result<Vec<MosipZkKeyRow>, OperationError> {
    let (_, version) = wrapping_key(operations, keys, tenant, Fault::ZkNoKeys)?;
    let free = keys.mosip.zk.free(tenant, usize::try_from(count).unwrap_or_default());
    free.into_iter()
        .map(|number| {
            let wrapped = operations.keys.new_data_key(&version.stored)?.wrapped;
            row(operations, keys, tenant, version, number, wrapped, true)
        })
        .collect()
}

/// The row of a random key that is wrapped under this version.
pub(super) fn row(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    version: &crate::Version,
    number: i64,
    wrapped: Vec<u8>,
    seals: bool,
) -> Result<MosipZkKeyRow, OperationError> {
    let mut row = MosipZkKeyRow {
        tenant: tenant.to_string(),
        number,
        active: i64::from(seals),
        key_id: version.row.key_id.clone(),
        version: version.row.version,
        wrapped,
        log_index: -1,
        integrity: Vec::new(),
    };
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Ok(row)
}

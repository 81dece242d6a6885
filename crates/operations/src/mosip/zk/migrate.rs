//! Random keys of another installation taken in, under their numbers there.

use std::collections::HashSet;

use km_audit::EventKind;
use km_crypto::constant_time;
use km_domain::{SecretBytes, TenantId};
use km_keystore::{KeyStoreError, StoredKey};
use km_storage::{MosipZkKeyRow, Unrecorded, Write};

use super::{admitted, make::row, wrapping_key};
use crate::{
    Caller, Keys, Operation, OperationError, Operations, Record, Version,
    caller::refused,
    mosip::{
        Fault, KeyName,
        decrypt::opening_key,
        retire::{end_all, unchanged},
    },
};

/// What is to be taken in.
pub struct ToMigrate {
    pub keys: Vec<IncomingRandomKey>,
    /// Ends the transfer certificate's key.
    pub ends_transfer: bool,
}

/// A random key of another installation.
pub struct IncomingRandomKey {
    pub number: i32,
    /// The key, encrypted to the transfer certificate; none where that could not be read.
    pub encrypted: Option<Vec<u8>>,
    /// Whether new values are sealed under it.
    pub seals: bool,
}

/// What became of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migration {
    Taken,
    /// It was here.
    Same,
    /// Another key has its number.
    Exists,
    /// It did not open, or is none; which is not said.
    Refused,
}

/// What became of each, by its number.
pub type Migrated = Vec<(i32, Migration)>;

/// Takes in what opens and is not there: intent, opening and wrapping in the token, outcome. They serve from the next keyring load on.
///
/// Errors: KERNEL has no policy, or one that does not list the caller; no transfer certificate, or no key above, is current.
pub fn migrate_zk_keys(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    asked: &ToMigrate,
) -> Operation<Migrated> {
    let keys = operations.keyring.keys();
    let admission = admitted(operations, &keys, caller, Fault::NoPolicy);
    take_in(operations, record, caller, asked, admission)
}

/// The same for a caller whose right to it was judged before.
pub(in crate::mosip) fn take_in(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    asked: &ToMigrate,
    admission: Result<(), OperationError>,
) -> Operation<Migrated> {
    let keys = operations.keyring.keys();
    let ways = match admission.and_then(|()| Ways::find(operations, &keys, caller)) {
        Ok(ways) => ways,
        Err(error) => return caller.refuse(operations, EventKind::KeyImportOutcome, error),
    };
    let about = |kind| {
        let mut event = caller.event(operations, kind);
        event.object = Some("random keys".to_owned());
        event.count = asked.keys.len() as u64;
        event
    };
    let begun = match record.record(Unrecorded::new((), about(EventKind::KeyImportIntent))) {
        Ok(recorded) => recorded.placed.map(|placed| placed.log_index),
        Err(error) => return Unrecorded::unremarkable(Err(error.into())),
    };
    let mut outcome = about(EventKind::KeyImportOutcome);
    outcome.intent = begun;
    match taken_in(operations, &keys, caller, &ways, asked) {
        Ok((migrated, writes)) => {
            let count = |what| migrated.iter().filter(|(_, became)| *became == what).count() as u64;
            outcome.figures.insert("taken".into(), count(Migration::Taken));
            outcome.figures.insert("refused".into(), count(Migration::Refused));
            let conflict = refused(outcome.clone(), &OperationError::Conflict("mosip-zk-key-exists"));
            Unrecorded::new(Ok(migrated), outcome).with_all(writes).changing_state().or_on_conflict(conflict)
        }
        Err(error) => {
            let event = refused(outcome, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

/// The key that opens what comes, and the one under which it is kept.
struct Ways<'a> {
    transfer: &'a StoredKey,
    above: &'a Version,
}

impl<'a> Ways<'a> {
    fn find(operations: &Operations, keys: &'a Keys, caller: &Caller) -> Result<Self, OperationError> {
        let (tenant, name) = (caller.tenant(), KeyName::zk_transfer());
        let current = keys.mosip.current(tenant, &name, operations.clock.now()).map_err(OperationError::Mosip)?;
        let alias = current.ok_or(OperationError::Mosip(Fault::MoreThanOneCurrent))?;
        let (_, above) = wrapping_key(operations, keys, tenant, Fault::MoreThanOneCurrent)?;
        Ok(Self { transfer: opening_key(alias, keys, tenant)?, above })
    }
}

fn taken_in(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    ways: &Ways<'_>,
    asked: &ToMigrate,
) -> Result<(Migrated, Vec<Write>), OperationError> {
    let tenant = caller.tenant();
    let (mut migrated, mut rows, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for incoming in &asked.keys {
        let number = incoming.number;
        let became = if let Some(known) = keys.mosip.zk.key(tenant, number) {
            let opened = opened(operations, ways, incoming)?;
            let is_same = |key: &SecretBytes| {
                let known = known.open(operations, keys, tenant)?;
                Ok::<bool, OperationError>(constant_time::equal(known.expose(), key.expose()))
            };
            if opened.as_ref().map(is_same).transpose()? == Some(true) { Migration::Same } else { Migration::Exists }
        } else if seen.contains(&number) {
            Migration::Exists
        } else {
            match one(operations, keys, tenant, ways, incoming)? {
                Some(row) => {
                    seen.insert(number);
                    rows.push(row);
                    Migration::Taken
                }
                None => Migration::Refused,
            }
        };
        migrated.push((number, became));
    }
    let name = KeyName::zk_transfer();
    // Whoever ended one of the two keys meanwhile is first.
    let mut writes = vec![
        unchanged(keys, tenant, &name),
        unchanged(keys, tenant, &KeyName::identity_cache()),
        Write::insert_mosip_zk_keys(rows),
    ];
    if asked.ends_transfer {
        writes.extend(end_all(operations, keys, tenant, &name, operations.clock.now())?);
    }
    Ok((migrated, writes))
}

/// The row of one; none where it does not open or cannot be one.
fn one(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    ways: &Ways<'_>,
    incoming: &IncomingRandomKey,
) -> Result<Option<MosipZkKeyRow>, OperationError> {
    let (Some(opened), 0..) = (opened(operations, ways, incoming)?, incoming.number) else { return Ok(None) };
    match operations.keys.wrap_data_key(&ways.above.stored, &opened) {
        Err(KeyStoreError::Refused) => Ok(None),
        wrapped => {
            row(operations, keys, tenant, ways.above, i64::from(incoming.number), wrapped?, incoming.seals).map(Some)
        }
    }
}

/// The key itself; none where it does not open.
fn opened(
    operations: &Operations,
    ways: &Ways<'_>,
    incoming: &IncomingRandomKey,
) -> Result<Option<SecretBytes>, OperationError> {
    let Some(encrypted) = &incoming.encrypted else { return Ok(None) };
    match operations.keys.decrypt_oaep_sha256(ways.transfer, encrypted) {
        Err(KeyStoreError::Refused) => Ok(None),
        opened => Ok(Some(opened?)),
    }
}

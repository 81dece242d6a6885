//! SealRecord: personal values become sealed values, index terms and generalised values.

use std::collections::HashSet;

use km_audit::{EventKind, digest::hex};
use km_domain::{
    FieldName, RecordId, RegisterName, SubjectHandle, TenantId, Timestamp,
    register::{IndexKind, Unique},
};
use km_keystore::in_turn;
use km_policy::Action;
use km_storage::{Unrecorded, Write};

use super::{
    Refusal, SealedRecord,
    incoming::{self, FRESH, Incoming},
    sealing::{self, Bench, Checked},
};
use crate::{Caller, Keys, Operation, OperationError, Operations, keys::names};

/// One JWE with the records that the registry expects in it: id, and the version that the seal will make.
pub struct Item {
    pub jwe: String,
    pub records: Vec<(RecordId, u32)>,
}

/// One record sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    pub sealed: SealedRecord,
    pub terms: Vec<Term>,
}

/// One index term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub field: FieldName,
    pub kind: IndexKind,
    /// Version of the index key.
    pub version: u32,
    pub term: Vec<u8>,
    pub unique: Unique,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealResult {
    pub record: RecordId,
    pub outcome: Result<Seal, Refusal>,
}

/// What became of a call, and for whom the receipts are.
pub struct Sealed {
    pub results: Vec<SealResult>,
    pub(super) receipts: Vec<ReceiptDraft>,
}

pub(super) struct ReceiptDraft {
    pub register: RegisterName,
    pub records: Vec<(RecordId, u32)>,
    pub nonce: String,
}

/// Seals every record of every item. An item whose JWE or signature is refused fails with all its records; a record that
/// breaks a rule fails alone.
pub fn seal(operations: &Operations, caller: &Caller, register: &str, items: &[Item]) -> Operation<Sealed> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    let register = match caller.may(Action::SealRecord, now).and_then(|()| {
        register
            .parse::<RegisterName>()
            .map_err(|_| OperationError::refused("register-unknown", "there is no such register"))
    }) {
        Ok(register) => register,
        Err(error) => return caller.refuse(operations, EventKind::RecordSealed, error),
    };
    let mut sealed = Sealed { results: Vec::new(), receipts: Vec::new() };
    let (mut events, mut writes) = (Vec::new(), Vec::new());
    for item in items {
        let mut event = caller.event(operations, EventKind::RecordSealed);
        event.register = Some(register.clone());
        event.count = item.records.len() as u64;
        match incoming::open(operations, &keys, caller, &register, item)
            .and_then(|incoming| seal_item(operations, &keys, caller.tenant(), incoming, now))
        {
            Ok(done) => {
                event.subjects = done.handles;
                event.digests.insert("jwe".into(), hex(&km_crypto::digest::sha256(item.jwe.as_bytes())));
                let refused = done.results.iter().filter(|result| result.outcome.is_err()).count();
                if refused > 0 {
                    event.figures.insert("refused".into(), refused as u64);
                }
                event.object = Some(format!("sender {}", done.sender));
                writes.push(Write::use_nonce(
                    &caller.principal.name(),
                    &done.receipt.nonce,
                    now.plus(FRESH + FRESH),
                    now,
                ));
                writes.extend(done.writes);
                sealed.results.extend(done.results);
                sealed.receipts.push(done.receipt);
            }
            // Nothing can be sealed while the token or the database is away: the whole call says so.
            Err(error @ (OperationError::Unavailable(_) | OperationError::Stale)) => {
                return caller.refuse(operations, EventKind::RecordSealed, error);
            }
            Err(error) => {
                event = crate::caller::refused(event, &error);
                let refusal = Refusal::from(&error);
                sealed.results.extend(
                    item.records
                        .iter()
                        .map(|(record, _)| SealResult { record: *record, outcome: Err(refusal.clone()) }),
                );
                sealed.receipts.push(ReceiptDraft {
                    register: register.clone(),
                    records: Vec::new(),
                    nonce: String::new(),
                });
            }
        }
        events.push(event);
    }
    let mut conflict = caller.event(operations, EventKind::RecordSealed);
    conflict.register = Some(register);
    let conflict = crate::caller::refused(conflict, &OperationError::Conflict("version-conflict"));
    Unrecorded::many(Ok(sealed), events).with_all(writes).checked_at(keys.epoch).or_on_conflict(conflict)
}

impl From<&OperationError> for Refusal {
    fn from(error: &OperationError) -> Self {
        let (field, rule) = match error {
            OperationError::Invalid { field, rule } => (Some(field.clone()), Some(rule.clone())),
            _ => (None, None),
        };
        Self { code: error.code(), detail: error.to_string(), field, rule }
    }
}

struct ItemDone {
    results: Vec<SealResult>,
    handles: Vec<SubjectHandle>,
    writes: Vec<Write>,
    receipt: ReceiptDraft,
    sender: String,
}

fn seal_item(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    incoming: Incoming,
    now: Timestamp,
) -> Result<ItemDone, OperationError> {
    let definition = &*incoming.register;
    let bench = Bench {
        operations,
        tenant,
        definition,
        kek: keys.of_tenant(tenant, names::KEK)?,
        index_keys: keys
            .index_keys(tenant, &definition.register)
            .map(|(target, key)| ((target.field.clone(), target.kind), &**key))
            .collect(),
        now,
    };
    let ids: Vec<RecordId> = incoming.records.iter().map(|payload| payload.record).collect();
    let subjects = operations.storage.subjects(tenant, &definition.register, &ids)?;
    let tombstones = operations.storage.tombstones(tenant, &definition.register, &ids)?;
    let mut done = ItemDone {
        results: Vec::with_capacity(ids.len()),
        handles: Vec::new(),
        writes: Vec::new(),
        receipt: ReceiptDraft { register: definition.register.clone(), records: Vec::new(), nonce: incoming.nonce },
        sender: incoming.sender.thumbprint,
    };
    // 1. What may be sealed, and what its terms are made of.
    let mut seen = HashSet::new();
    let checked: Vec<Result<Checked<'_>, Refusal>> = incoming
        .records
        .iter()
        .map(|payload| {
            if !seen.insert(payload.record) {
                return Err(Refusal::new("record-twice", "the record stands twice in one request"));
            }
            let record = &payload.record;
            sealing::check(definition, payload, subjects.get(record), tombstones.get(record))
        })
        .collect();
    // 2. What the token does, for all of them in one go.
    let in_token = in_turn(&*operations.keys, || {
        let of = |checked: &Result<Checked<'_>, Refusal>| match checked {
            Ok(checked) => bench.in_token(checked).map(Ok),
            Err(refusal) => Ok(Err(refusal.clone())),
        };
        checked.iter().map(of).collect::<Result<Vec<_>, OperationError>>()
    })??;
    // 3. Sealed.
    let mut new = Vec::new();
    for ((payload, checked), in_token) in incoming.records.iter().zip(checked).zip(in_token) {
        let outcome = match checked.and_then(|checked| Ok((checked, in_token?))) {
            Ok((checked, in_token)) => {
                let (seal, row) = bench.seal(&checked, in_token)?;
                done.handles.push(row.handle()?);
                match checked.subject {
                    Some(_) => done.writes.push(Write::advance_subject(row)),
                    None => new.push(row),
                }
                done.receipt.records.push((payload.record, seal.sealed.version));
                Ok(seal)
            }
            Err(refusal) => Err(refusal),
        };
        done.results.push(SealResult { record: payload.record, outcome });
    }
    if !new.is_empty() {
        done.writes.push(Write::insert_subjects(new, bench.kek.id.as_str()));
    }
    Ok(done)
}

//! SealRecord: personal values become sealed values, index terms and generalised values.

use std::collections::HashMap;

use km_audit::EventKind;
use km_crypto::random;
use km_domain::{
    FieldName, RecordId, RegisterName, SubjectHandle, TenantId, Timestamp,
    register::{IndexKind, RegisterDefinition, Unique},
};
use km_envelope::cose::SubjectKey;
use km_formats::{cbor, cose, json};
use km_personal::{IndexInput, NORMALISER_VERSION, Validated, generalised, index_inputs, validate};
use km_policy::Action;
use km_storage::{Placed, SubjectRow, TombstoneRow, Unrecorded, Write};
use serde_json::Value;

use super::{
    Refusal, SealedField, SealedRecord,
    incoming::{self, FRESH, Incoming, Payload},
};
use crate::{Caller, Key, Keys, Operation, OperationError, Operations, keys::names};

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
    receipts: Vec<ReceiptDraft>,
}

struct ReceiptDraft {
    register: RegisterName,
    records: Vec<(RecordId, u32)>,
    nonce: String,
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

/// What sealing one record needs besides the record.
struct Bench<'a> {
    operations: &'a Operations,
    tenant: &'a TenantId,
    definition: &'a RegisterDefinition,
    kek: &'a Key,
    index_keys: HashMap<(FieldName, IndexKind), &'a Key>,
    now: Timestamp,
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
    let mut new = Vec::new();
    for payload in &incoming.records {
        let twice = done.results.iter().any(|result| result.record == payload.record);
        let checked = if twice {
            Err(Refusal::new("record-twice", "the record stands twice in one request"))
        } else {
            check_record(definition, payload, subjects.get(&payload.record), tombstones.get(&payload.record))
        };
        let outcome = match checked {
            Ok(validated) => {
                let (seal, row) = bench.seal(payload, &validated, subjects.get(&payload.record))?;
                done.handles.push(row.handle()?);
                match subjects.contains_key(&payload.record) {
                    true => done.writes.push(Write::advance_subject(row)),
                    false => new.push(row),
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

/// Whether the record may be sealed as asked, and its fields keep the rules.
fn check_record(
    definition: &RegisterDefinition,
    payload: &Payload,
    subject: Option<&SubjectRow>,
    tombstone: Option<&TombstoneRow>,
) -> Result<Validated, Refusal> {
    if tombstone.is_some() {
        return Err(Refusal::new("record-erased", "the record was erased; its id is not used again"));
    }
    match subject {
        None if payload.base_version != 0 => {
            return Err(Refusal::new("version-conflict", "the record does not exist; create it with base_version 0"));
        }
        Some(_) if payload.base_version == 0 => return Err(Refusal::new("record-exists", "the record exists already")),
        Some(row) if row.version != i64::from(payload.base_version) => {
            return Err(Refusal::new("version-conflict", "the record has changed since it was read"));
        }
        _ => {}
    }
    if payload.schema != definition.schema {
        return Err(Refusal::new("schema-mismatch", "the register's definition has another version"));
    }
    validate(definition, &payload.fields).map_err(|faults| {
        let first = faults.into_iter().next();
        let (field, rule) = first.map(|fault| (fault.field, fault.rule)).unwrap_or_default();
        Refusal {
            code: "field-invalid",
            detail: format!("field {field}: {rule}"),
            field: Some(field),
            rule: Some(rule),
        }
    })
}

impl Bench<'_> {
    fn seal(
        &self,
        payload: &Payload,
        validated: &Validated,
        subject: Option<&SubjectRow>,
    ) -> Result<(Seal, SubjectRow), OperationError> {
        // 1. The subject key: a new person's is made, a known person's unwrapped.
        let version = payload.base_version + 1;
        let store = &*self.operations.keys;
        let (mut row, data_key) = match subject {
            Some(row) => {
                let kek = u32::try_from(row.kek_version).ok().and_then(|version| self.kek.processing(version));
                let kek =
                    kek.ok_or_else(|| OperationError::Unavailable("a key-encryption key version is missing".into()))?;
                (row.clone(), store.unwrap_data_key(&kek.stored, &row.wrapped)?)
            }
            None => {
                let kek = self.kek.current()?;
                let made = store.new_data_key(&kek.stored)?;
                (self.new_subject(payload.record, kek.number, made.wrapped), made.plain)
            }
        };
        // 2. Every value under a key of its own, tied to its place.
        let subject_key = SubjectKey::new(&data_key)?;
        let kid = format!("{}.1", payload.record);
        let fields = validated
            .personal
            .iter()
            .map(|(field, value)| {
                let aad = cose::record_aad(
                    self.tenant,
                    &self.definition.register,
                    &payload.record,
                    u64::from(version),
                    field,
                    self.definition.schema,
                );
                let plaintext = value.to_bytes();
                let sealed = subject_key.seal_field(kid.as_bytes(), &aad, plaintext.expose(), &random::bytes())?;
                Ok(SealedField { field: field.clone(), value: sealed })
            })
            .collect::<Result<Vec<_>, OperationError>>()?;
        // 3. What the registry may know in clear.
        let mut clear = validated.clear.clone();
        clear.extend(generalised(self.definition, validated));
        let clear = json::canonical(&Value::Object(clear))
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| OperationError::invalid("fields", "clear values must be finite"))?;
        // 4. Terms under the newest index keys, for unique values under the older ones too.
        let terms = index_inputs(self.definition, validated)
            .iter()
            .map(|input| self.terms(input))
            .collect::<Result<Vec<_>, _>>()?
            .concat();
        let sealed = SealedRecord { record: payload.record, version, schema: self.definition.schema, fields, clear };
        row.previous = if version == 1 { Vec::new() } else { std::mem::take(&mut row.digest) };
        row.digest = sealed.digest().to_vec();
        row.version = i64::from(version);
        row.confirmed = 0;
        row.updated = self.now.micros();
        Ok((Seal { sealed, terms }, row))
    }

    fn new_subject(&self, record: RecordId, kek_version: u32, wrapped: Vec<u8>) -> SubjectRow {
        SubjectRow {
            tenant: self.tenant.to_string(),
            register: self.definition.register.to_string(),
            record: record.as_bytes().to_vec(),
            handle: random::bytes::<16>().to_vec(),
            kek_version: i64::from(kek_version),
            wrapped,
            version: 0,
            digest: Vec::new(),
            confirmed: 0,
            previous: Vec::new(),
            updated: self.now.micros(),
        }
    }

    /// A value that must be unique is compared with records whose terms are still under an older version: its terms are those
    /// of every live version. The registry stores the newest.
    fn terms(&self, input: &IndexInput) -> Result<Vec<Term>, OperationError> {
        let key = self
            .index_keys
            .get(&(input.field.clone(), input.rule.kind))
            .ok_or_else(|| OperationError::Unavailable("an index key is missing; run keymanager-svc init".into()))?;
        let of = |version| term(self.operations, self.tenant, &self.definition.register, input, version);
        match input.rule.unique {
            Unique::No => Ok(vec![of(key.current()?)?]),
            Unique::Warn | Unique::Refuse => key.live().map(of).collect(),
        }
    }
}

/// The term of one normalised value under one index key version.
pub(super) fn term(
    operations: &Operations,
    tenant: &TenantId,
    register: &RegisterName,
    input: &IndexInput,
    version: &crate::Version,
) -> Result<Term, OperationError> {
    let kind = input.rule.kind;
    let message =
        cbor::index_term_input(tenant, register, &input.field, kind.name(), NORMALISER_VERSION, input.value.expose());
    let mut term = operations.keys.mac(&version.stored, message.expose())?.to_vec();
    term.truncate(usize::from(input.rule.bits / 8));
    Ok(Term { field: input.field.clone(), kind, version: version.number, term, unique: input.rule.unique })
}

/// One receipt for each item, signed by the answer key once the seals are in the log: the sender can hold the registry to
/// it. Empty where nothing of the item was sealed.
pub fn receipts(
    operations: &Operations,
    caller: &Caller,
    sealed: &Sealed,
    placed: Placed,
) -> Result<Vec<String>, OperationError> {
    let keys = operations.keyring.keys();
    let answer = keys.of_tenant(caller.tenant(), names::ANSWER)?.current()?;
    let iat = operations.clock.now().seconds();
    sealed
        .receipts
        .iter()
        .enumerate()
        .map(|(at, draft)| {
            if draft.records.is_empty() {
                return Ok(String::new());
            }
            let records: Vec<Value> = draft
                .records
                .iter()
                .map(|(record, version)| serde_json::json!({ "record": record, "version": version }))
                .collect();
            let payload = serde_json::json!({
                "tenant": caller.tenant(),
                "register": draft.register,
                "records": records,
                "nonce": draft.nonce,
                "log_index": placed.log_index + at as u64,
                "iat": iat,
            });
            Ok(km_envelope::jws::sign(
                &*operations.keys,
                &answer.stored,
                &answer.stored.name.to_string(),
                "sealkeep-receipt+jws",
                payload.to_string().as_bytes(),
            )?)
        })
        .collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

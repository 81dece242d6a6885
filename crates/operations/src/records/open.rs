//! OpenRecord: sealed values become an answer that only the reader can open.

use km_audit::{Event, EventKind};
use km_crypto::constant_time;
use km_domain::{FieldName, RecordId, SecretBytes, TenantId, register::FieldClass};
use km_envelope::jwe::{Labels, Recipient};
use km_formats::cose;
use km_personal::SecretValue;
use km_policy::Action;
use km_storage::{Placed, SubjectId, SubjectRow, Unrecorded};
use serde_json::{Map, Value, json};

use super::{
    Refusal, SealedRecord,
    request::{self, EnrolledKey, Request},
    seal::hex,
};
use crate::{Caller, Keys, Operation, OperationError, Operations, keys::names, rules::Reading};

const TYP: &str = "sealkeep-open+jws";

/// What became of one record of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOutcome {
    pub record: RecordId,
    pub refusal: Option<Refusal>,
}

/// Values opened for one reader, not yet told to anybody.
pub struct Opened {
    pub outcomes: Vec<OpenOutcome>,
    register: String,
    nonce: String,
    reader: EnrolledKey,
    records: Vec<OpenedRecord>,
}

struct OpenedRecord {
    record: RecordId,
    version: u32,
    values: Vec<(FieldName, SecretValue)>,
    masked: Vec<FieldName>,
}

/// An answer for the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// JWE to the reader's key around a JWS by the answer key.
    pub jwe: String,
    pub outcomes: Vec<OpenOutcome>,
}

/// How much of one field this reader sees.
struct Wanted {
    name: FieldName,
    reading: Reading,
}

/// Opens the fields that the reader's request names, of the records that it names, and nothing else. One event for each
/// record; the request's nonce is used up with them.
pub fn open(
    operations: &Operations,
    caller: &Caller,
    register: &str,
    compact: &str,
    supplied: &[SealedRecord],
) -> Operation<Opened> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    let checked = caller.may(Action::OpenRecord, now).and_then(|()| {
        let request = request::check(operations, &keys, caller, TYP, register, compact)?;
        if request.history {
            caller.may(Action::OpenHistory, now)?;
        }
        let wanted = wanted(operations, caller, &request)?;
        Ok((request, wanted))
    });
    let (request, wanted) = match checked {
        Ok(checked) => checked,
        Err(error) => return refuse(operations, caller, register, error),
    };
    let opened = match open_all(operations, &keys, caller, &request, &wanted, supplied) {
        Ok(opened) => opened,
        Err(error) => return refuse(operations, caller, register, error),
    };
    let mut events = Vec::with_capacity(opened.len());
    let mut result = Opened {
        outcomes: Vec::with_capacity(opened.len()),
        register: request.register.register.to_string(),
        nonce: request.nonce.clone(),
        reader: request.reader.clone(),
        records: Vec::new(),
    };
    for (record, subject, outcome) in opened {
        events.push(event(operations, caller, &request, &wanted, subject.as_ref(), outcome.as_ref().err()));
        let refusal = match outcome {
            Ok(opened) => {
                result.records.push(opened);
                None
            }
            Err(refusal) => Some(refusal),
        };
        result.outcomes.push(OpenOutcome { record, refusal });
    }
    let replayed = crate::caller::refused(
        event(operations, caller, &request, &wanted, None, None),
        &OperationError::Conflict("replayed"),
    );
    Unrecorded::many(Ok(result), events)
        .with(request.use_nonce(caller, now))
        .checked_at(keys.epoch)
        .or_on_conflict(replayed)
}

fn refuse(operations: &Operations, caller: &Caller, register: &str, error: OperationError) -> Operation<Opened> {
    let mut event = crate::caller::refused(caller.event(operations, EventKind::RecordOpened), &error);
    event.register = register.parse().ok();
    Unrecorded::new(Err(error), event)
}

/// The fields of the request, each with how much the reader may see of it. A field that may not be seen refuses the
/// request as a whole: the reader shall not believe that it is empty.
fn wanted(operations: &Operations, caller: &Caller, request: &Request) -> Result<Vec<Wanted>, OperationError> {
    if request.fields.is_empty() {
        return Err(OperationError::invalid("fields", "must name the fields to be read; there is no 'all'"));
    }
    if request.records.is_empty() {
        return Err(OperationError::invalid("records", "must name the records to be read"));
    }
    let definition = &request.register;
    request
        .fields
        .iter()
        .map(|name| {
            let unknown = || OperationError::refused("field-unknown", "fields: the register has no such field");
            let name: FieldName = name.parse().map_err(|_| unknown())?;
            let reading = match definition.fields.get(&name).map(|field| &field.class) {
                None => return Err(unknown()),
                Some(FieldClass::Clear(_)) => Reading::Whole,
                Some(FieldClass::Personal(_)) => operations.rules.reads(definition, &name, &caller.principal.roles),
            };
            if reading == Reading::Nothing {
                return Err(OperationError::invalid(name.to_string(), "may not be read by your roles"));
            }
            Ok(Wanted { name, reading })
        })
        .collect()
}

type One = (RecordId, Option<SubjectRow>, Result<OpenedRecord, Refusal>);

fn open_all(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    request: &Request,
    wanted: &[Wanted],
    supplied: &[SealedRecord],
) -> Result<Vec<One>, OperationError> {
    let register = &request.register.register;
    let subjects = operations.storage.subjects(caller.tenant(), register, &request.records)?;
    let tombstones = operations.storage.tombstones(caller.tenant(), register, &request.records)?;
    let kek = keys.of_tenant(caller.tenant(), names::KEK)?;
    request
        .records
        .iter()
        .map(|record| {
            let subject = subjects.get(record);
            let Some(row) = subject else {
                let refusal = if tombstones.contains_key(record) {
                    Refusal::new("record-erased", "the record was erased; its subject key is destroyed")
                } else {
                    Refusal::new("record-unknown", "there is no such record")
                };
                return Ok((*record, None, Err(refusal)));
            };
            let Some(sealed) = supplied.iter().find(|sealed| sealed.record == *record) else {
                let refusal = Refusal::new("record-withheld", "the registry did not supply the record");
                return Ok((*record, subject.cloned(), Err(refusal)));
            };
            if let Err(refusal) = is_current(operations, caller.tenant(), request, row, sealed)? {
                return Ok((*record, subject.cloned(), Err(refusal)));
            }
            let version = u32::try_from(row.kek_version).ok().and_then(|version| kek.processing(version));
            let version =
                version.ok_or_else(|| OperationError::Unavailable("a key-encryption key version is missing".into()))?;
            let data_key = operations.keys.unwrap_data_key(&version.stored, &row.wrapped)?;
            let opened = open_one(caller.tenant(), request, wanted, sealed, &data_key);
            Ok((*record, subject.cloned(), opened))
        })
        .collect()
}

/// The supplied values are those of the current version, or of the version asked for where history is: all of them, none
/// altered, none from elsewhere.
fn is_current(
    operations: &Operations,
    tenant: &TenantId,
    request: &Request,
    row: &SubjectRow,
    sealed: &SealedRecord,
) -> Result<Result<(), Refusal>, OperationError> {
    let digest = sealed.digest();
    if i64::from(sealed.version) == row.version {
        return Ok(if constant_time::equal(&digest, &row.digest) {
            Ok(())
        } else {
            Err(Refusal::new("record-altered", "the stored values are not those that were sealed"))
        });
    }
    if !request.history {
        return Ok(Err(Refusal::new("stale-version", "the registry supplied another version than the current one")));
    }
    let id = SubjectId { tenant: tenant.clone(), register: request.register.register.clone(), record: sealed.record };
    let earlier = operations.storage.earlier_digest(&id, sealed.version)?;
    Ok(match earlier {
        Some(earlier) if constant_time::equal(&digest, &earlier) => Ok(()),
        _ => Err(Refusal::new("record-altered", "the stored values are not those that were sealed")),
    })
}

fn open_one(
    tenant: &TenantId,
    request: &Request,
    wanted: &[Wanted],
    sealed: &SealedRecord,
    data_key: &SecretBytes,
) -> Result<OpenedRecord, Refusal> {
    let altered = || Refusal::new("record-altered", "the stored values are not those that were sealed");
    let definition = &request.register;
    let clear: Map<String, Value> = serde_json::from_str(&sealed.clear).map_err(|_| altered())?;
    let kid = format!("{}.1", sealed.record);
    let mut opened =
        OpenedRecord { record: sealed.record, version: sealed.version, values: Vec::new(), masked: Vec::new() };
    for field in wanted {
        let Some((_, personal)) = definition.personal_field(field.name.as_str()) else {
            if let Some(value) = clear.get(field.name.as_str()) {
                opened.values.push((field.name.clone(), SecretValue::new(value.clone())));
            }
            continue;
        };
        let Some(stored) = sealed.fields.iter().find(|stored| stored.field == field.name) else { continue };
        let aad = cose::record_aad(
            tenant,
            &definition.register,
            &sealed.record,
            u64::from(sealed.version),
            &field.name,
            sealed.schema,
        );
        let bytes =
            km_envelope::cose::open_field(data_key, kid.as_bytes(), &aad, &stored.value).map_err(|_| altered())?;
        let value = SecretValue::from_bytes(&bytes).ok_or_else(altered)?;
        let value = match (field.reading, personal.mask) {
            (Reading::Whole, _) => value,
            (_, Some(mask)) => SecretValue::new(km_personal::mask(mask, value.expose())),
            (_, None) => SecretValue::new(km_personal::mask(km_domain::register::Mask::Hidden, value.expose())),
        };
        if field.reading == Reading::Masked {
            opened.masked.push(field.name.clone());
        }
        opened.values.push((field.name.clone(), value));
    }
    Ok(opened)
}

fn event(
    operations: &Operations,
    caller: &Caller,
    request: &Request,
    wanted: &[Wanted],
    subject: Option<&SubjectRow>,
    refusal: Option<&Refusal>,
) -> Event {
    let kind = match refusal.map(|refusal| refusal.code) {
        Some("record-altered" | "stale-version") => EventKind::IntegrityAlert,
        _ => EventKind::RecordOpened,
    };
    let mut event = caller.event(operations, kind);
    event.register = Some(request.register.register.clone());
    event.subjects = subject.and_then(|row| row.handle().ok()).into_iter().collect();
    event.fields = wanted.iter().map(|field| field.name.clone()).collect();
    event.purpose = Some(request.stated.purpose.name().to_owned());
    event.case.clone_from(&request.stated.case);
    event.basis.clone_from(&request.stated.basis);
    event.object = Some(format!("reader {}", request.reader.thumbprint));
    if let Some(row) = subject {
        event.digests.insert("record".into(), hex(&row.digest));
    }
    if let Some(refusal) = refusal {
        event.outcome = km_audit::Outcome::Refused;
        event.reason = Some(refusal.code.to_owned());
    }
    event
}

/// The answer, once the disclosure is in the log: signed by the answer key, then encrypted to the reader.
pub fn answer(
    operations: &Operations,
    caller: &Caller,
    opened: &Opened,
    placed: Placed,
) -> Result<Answer, OperationError> {
    let keys = operations.keyring.keys();
    let key = keys.of_tenant(caller.tenant(), names::ANSWER)?.current()?;
    let checkpoint = operations.storage.newest_checkpoint()?.map(|(_, note)| note);
    let refused = opened.outcomes.iter().filter_map(|outcome| {
        outcome.refusal.as_ref().map(|refusal| json!({ "record": outcome.record, "refused": refusal.code }))
    });
    let records = opened.records.iter().map(|opened| {
        let values: Map<String, Value> =
            opened.values.iter().map(|(field, value)| (field.to_string(), value.expose().clone())).collect();
        json!({ "record": opened.record, "version": opened.version, "values": values, "masked": opened.masked })
    });
    let payload = SecretValue::new(json!({
        "request_nonce": opened.nonce,
        "tenant": caller.tenant(),
        "register": opened.register,
        "records": records.chain(refused).collect::<Vec<_>>(),
        "log_index": placed.log_index,
        "checkpoint": checkpoint,
        "iat": operations.clock.now().seconds(),
    }));
    let signed = SecretBytes::new(
        km_envelope::jws::sign(
            &*operations.keys,
            &key.stored,
            &key.stored.name.to_string(),
            "sealkeep-answer+jws",
            payload.to_bytes().expose(),
        )?
        .into_bytes(),
    );
    let reader = Recipient { kid: opened.reader.thumbprint.clone(), public: opened.reader.public.clone() };
    let jwe = km_envelope::jwe::seal_to(&reader, &Labels::around_jws("sealkeep-answer+jwe"), signed.expose())?;
    Ok(Answer { jwe, outcomes: opened.outcomes.clone() })
}

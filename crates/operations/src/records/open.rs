//! OpenRecord: sealed values become an answer that only the reader can open.

use std::collections::BTreeMap;

use km_audit::{Event, EventKind, digest::hex};
use km_domain::{FieldName, RecordId, SecretBytes, TenantId, register::FieldClass};
use km_envelope::jwe::{Labels, Recipient};
use km_personal::secret_json;
use km_policy::Action;
use km_storage::{Placed, SubjectRow, Unrecorded};
use serde::Serialize;
use serde_json::Value;

use super::{
    Refusal, SealedRecord,
    request::{self, EnrolledKey, Request},
    versions::{Outcome, Values, Wanted, open_all},
};
use crate::{Caller, Operation, OperationError, Operations, keys::names, rules::Reading};

const TYP: &str = "sealkeep-open+jws";

/// What became of one record of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOutcome {
    pub record: RecordId,
    /// Why nothing of the record was opened.
    pub refusal: Option<Refusal>,
}

/// Values opened for one reader, not yet told to anybody.
pub struct Opened {
    pub outcomes: Vec<OpenOutcome>,
    register: String,
    nonce: String,
    reader: EnrolledKey,
    versions: Vec<(RecordId, Option<u32>, Result<Values, Refusal>)>,
}

/// An answer for the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// JWE to the reader's key around a JWS by the answer key.
    pub jwe: String,
    pub outcomes: Vec<OpenOutcome>,
}

/// Opens the fields that the reader's request names, of the records that it names, and nothing else. One event for each
/// record, and one more where some of its versions were opened and others were not as they were sealed; the request's nonce
/// is used up with them.
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
        versions: Vec::new(),
    };
    for Outcome { record, subject, versions } in opened {
        let disclosed = versions.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        let refusal = versions.iter().find_map(|(_, outcome)| outcome.as_ref().err()).cloned();
        if disclosed > 0 {
            let mut event = event(operations, caller, &request, &wanted, subject.as_ref(), None);
            event.count = disclosed as u64;
            events.push(event);
        }
        if let Some(refusal) = &refusal {
            events.push(event(operations, caller, &request, &wanted, subject.as_ref(), Some(refusal)));
        }
        result.outcomes.push(OpenOutcome { record, refusal: refusal.filter(|_| disclosed == 0) });
        result.versions.extend(versions.into_iter().map(|(version, outcome)| (record, version, outcome)));
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
            let (reading, personal) = match definition.fields.get(&name).map(|field| &field.class) {
                None => return Err(unknown()),
                Some(FieldClass::Clear(_)) => (Reading::Whole, None),
                Some(FieldClass::Personal(personal)) => {
                    (operations.rules.reads(definition, &name, &caller.principal.roles), Some(personal.mask))
                }
            };
            if reading == Reading::Nothing {
                return Err(OperationError::invalid(name.to_string(), "may not be read by your roles"));
            }
            Ok(Wanted { name, reading, personal })
        })
        .collect()
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
        Some("record-altered" | "stale-version" | "version-withheld") => EventKind::IntegrityAlert,
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

/// What a reader is told. It borrows the values: none is copied on its way into the answer.
#[derive(Serialize)]
struct Payload<'a> {
    request_nonce: &'a str,
    tenant: &'a TenantId,
    register: &'a str,
    records: Vec<AnsweredRecord<'a>>,
    log_index: u64,
    checkpoint: Option<String>,
    iat: i64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AnsweredRecord<'a> {
    Opened { record: &'a RecordId, version: Option<u32>, values: BTreeMap<&'a str, &'a Value>, masked: &'a [FieldName] },
    Refused { record: &'a RecordId, version: Option<u32>, refused: &'static str },
}

impl<'a> AnsweredRecord<'a> {
    fn of((record, version, outcome): &'a (RecordId, Option<u32>, Result<Values, Refusal>)) -> Self {
        let version = *version;
        match outcome {
            Ok(opened) => {
                let values = opened.values.iter().map(|(field, value)| (field.as_str(), value.expose())).collect();
                Self::Opened { record, version, values, masked: &opened.masked }
            }
            Err(refusal) => Self::Refused { record, version, refused: refusal.code },
        }
    }
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
    let payload = Payload {
        request_nonce: &opened.nonce,
        tenant: caller.tenant(),
        register: &opened.register,
        records: opened.versions.iter().map(AnsweredRecord::of).collect(),
        log_index: placed.log_index,
        checkpoint,
        iat: operations.clock.now().seconds(),
    };
    let signed = SecretBytes::new(
        km_envelope::jws::sign(
            &*operations.keys,
            &key.stored,
            &key.stored.name.to_string(),
            "sealkeep-answer+jws",
            secret_json(&payload).expose(),
        )?
        .into_bytes(),
    );
    let reader = Recipient { kid: opened.reader.thumbprint.clone(), public: opened.reader.public.clone() };
    let jwe = km_envelope::jwe::seal_to(&reader, &Labels::around_jws("sealkeep-answer+jwe"), signed.expose())?;
    Ok(Answer { jwe, outcomes: opened.outcomes.clone() })
}

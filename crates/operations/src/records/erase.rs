//! EraseRecord: the subject key is destroyed, and a signed certificate says so.

use km_audit::EventKind;
use km_domain::{RecordId, Timestamp};
use km_policy::Action;
use km_storage::{TombstoneRow, Unrecorded, Write};
use serde_json::json;

use super::{
    Refusal,
    request::{self, Request},
};
use crate::{Caller, Keys, Operation, OperationError, Operations, Record, caller::refused, keys::names};

const TYP: &str = "sealkeep-erase+jws";

/// What became of one record: its certificate of erasure, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    pub record: RecordId,
    pub outcome: Result<String, Refusal>,
}

/// Erases the records that the caller's signed request names. An intent is durable before anything is destroyed; rows,
/// tombstones and the outcome are then written together. A record that was erased before gets its certificate again.
pub fn erase(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    register: &str,
    compact: &str,
) -> Operation<Vec<Erased>> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    let checked = caller
        .may(Action::EraseRecord, now)
        .and_then(|()| request::check(operations, &keys, caller, TYP, register, compact))
        .and_then(|request| if request.records.is_empty() { Err(no_records()) } else { Ok(request) });
    let request = match checked {
        Ok(request) => request,
        Err(error) => return caller.refuse(operations, EventKind::RecordEraseOutcome, error),
    };
    // The log must not link the certificate to the person's handle: the handle dies with the subject key.
    let mut intent = caller.event(operations, EventKind::RecordEraseIntent);
    intent.register = Some(request.register.register.clone());
    intent.count = request.records.len() as u64;
    intent.purpose = Some(request.stated.purpose.name().to_owned());
    intent.case.clone_from(&request.stated.case);
    intent.basis.clone_from(&request.stated.basis);
    let mut outcome = caller.event(operations, EventKind::RecordEraseOutcome);
    outcome.register = Some(request.register.register.clone());
    outcome.count = request.records.len() as u64;
    let begun = record.record(Unrecorded::new((), intent).with(request.use_nonce(caller, now)));
    let log_index = match begun.map(|recorded| recorded.placed) {
        Ok(Some(placed)) => placed.log_index,
        Ok(None) => return Unrecorded::unremarkable(Err(OperationError::Unavailable("nothing was recorded".into()))),
        Err(error) => {
            let error = error.into();
            return caller.refuse(operations, EventKind::RecordEraseOutcome, error);
        }
    };
    outcome.intent = Some(log_index);
    match destroy(operations, &keys, caller, &request, log_index, now) {
        Ok((results, writes)) => {
            let failed = results.iter().filter(|erased| erased.outcome.is_err()).count();
            outcome.figures.insert("refused".into(), failed as u64);
            let conflict = refused(outcome.clone(), &OperationError::Conflict("record-unknown"));
            Unrecorded::new(Ok(results), outcome).with_all(writes).or_on_conflict(conflict)
        }
        Err(error) => {
            let event = refused(outcome, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

fn no_records() -> OperationError {
    OperationError::invalid("records", "must name the records to be erased")
}

fn destroy(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    request: &Request,
    log_index: u64,
    now: Timestamp,
) -> Result<(Vec<Erased>, Vec<Write>), OperationError> {
    let register = &request.register.register;
    let subjects = operations.storage.subjects(caller.tenant(), register, &request.records)?;
    let tombstones = operations.storage.tombstones(caller.tenant(), register, &request.records)?;
    let signer = keys.system(names::EVIDENCE_SIGNER)?.current()?;
    let chain: Vec<String> = signer.certificates.iter().map(km_formats::base64url::encode).collect();
    let mut writes = Vec::new();
    let mut results: Vec<Erased> = Vec::with_capacity(request.records.len());
    for id in &request.records {
        let outcome = if results.iter().any(|done| done.record == *id) {
            Err(Refusal::new("record-twice", "the record stands twice in one request"))
        } else if let Some(tombstone) = tombstones.get(id) {
            Ok(tombstone.certificate.clone())
        } else if subjects.contains_key(id) {
            let statement = json!({
                "statement": "sealkeep-erasure/1",
                "tenant": caller.tenant(),
                "register": register,
                "record": id,
                "erased": now,
                "log_origin": operations.rules.log_origin,
                "log_index": log_index,
                "purpose": request.stated.purpose.name(),
                // What has happened, and what a later reissue will say.
                "subject_key": "destroyed",
                "key_encryption_key": "in use",
                "data_root_generation": "in use",
                // So that it verifies offline, with the evidence root alone.
                "certificates": chain,
            });
            let certificate = km_envelope::jws::sign(
                &*operations.keys,
                &signer.stored,
                &signer.stored.name.to_string(),
                "sealkeep-erasure+jws",
                statement.to_string().as_bytes(),
            )?;
            writes.push(Write::erase_subject(TombstoneRow {
                tenant: caller.tenant().to_string(),
                register: register.to_string(),
                record: id.as_bytes().to_vec(),
                erased: now.micros(),
                certificate: certificate.clone(),
            }));
            Ok(certificate)
        } else {
            Err(Refusal::new("record-unknown", "there is no such record"))
        };
        results.push(Erased { record: *id, outcome });
    }
    Ok((results, writes))
}

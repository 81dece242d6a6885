//! A record on its way in: the outer JWE to the ingest key, the inner JWS by the sender's enrolled key.

use std::{sync::Arc, time::Duration};

use km_domain::{KeyPurpose, KeyVersionRef, RecordId, RegisterName, TenantId, Timestamp, register::RegisterDefinition};
use km_formats::{json, jwe, jws};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    request::{EnrolledKey, enrolled_key, is_nonce},
    seal::Item,
};
use crate::{Caller, Keys, OperationError, Operations};

pub(super) const OUTER: &str = "sealkeep-record+jwe";
const INNER: &str = "sealkeep-record+jws";
/// Most records under one signature.
const RECORDS: usize = 1000;
/// How old a sender's message may be: its nonce is remembered as long.
pub(super) const FRESH: Duration = Duration::from_secs(15 * 60);

const MALFORMED: OperationError =
    OperationError::refused("record-malformed", "the record must be a JWE around a JWS with the documented payload");

/// One record as its sender signed it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payload {
    pub tenant: TenantId,
    pub register: RegisterName,
    pub record: RecordId,
    pub base_version: u32,
    pub schema: u32,
    pub iat: i64,
    pub nonce: String,
    pub fields: Map<String, Value>,
}

/// The records of one JWE, signed by a key that is enrolled for the caller.
pub(super) struct Incoming {
    pub register: Arc<RegisterDefinition>,
    pub records: Vec<Payload>,
    pub nonce: String,
    pub sender: EnrolledKey,
}

/// Opens one JWE and checks all that concerns it as a whole.
pub(super) fn open(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    register: &RegisterName,
    item: &Item,
) -> Result<Incoming, OperationError> {
    // 1. The outer JWE: to an ingest key of the caller's tenant.
    let outer = jwe::parse(&item.jwe).map_err(|_| {
        OperationError::refused("jwe-malformed", "a personal field is accepted inside a compact JWE only")
    })?;
    let header = &outer.header;
    if header.typ.as_deref() != Some(OUTER) {
        return Err(OperationError::invalid("typ", OUTER));
    }
    if header.register.as_ref().is_some_and(|named| named != register) {
        return Err(OperationError::refused("register-mismatch", "the JWE is for another register"));
    }
    if let Some(record) = header.record
        && item.records.first().map(|(record, _)| *record) != Some(record)
    {
        return Err(OperationError::refused("record-mismatch", "the JWE is for another record"));
    }
    let plaintext = open_to_ingest(operations, keys, caller, &outer)?;
    // 2. The inner JWS: by a key enrolled for the caller.
    let inner = jws::parse(plaintext.expose()).map_err(|_| MALFORMED)?;
    inner.expect_typ(INNER).map_err(|_| MALFORMED)?;
    let sender = enrolled_key(operations, keys, caller, inner.header.kid.as_deref().ok_or(MALFORMED)?)?;
    km_envelope::jws::verify(&inner, &sender.public)
        .map_err(|_| OperationError::refused("signature-invalid", "the record's signature does not verify"))?;
    // 3. What it says, against what the registry says.
    let records = payloads(inner.payload.expose())?;
    let nonce = check(operations.clock.now(), caller, register, item, &records)?;
    let definition = operations
        .rules
        .register(register)
        .ok_or(OperationError::refused("register-unknown", "there is no such register"))?;
    Ok(Incoming { register: Arc::clone(definition), records, nonce, sender })
}

/// Opens a JWE that names an ingest key of the caller's tenant.
pub(super) fn open_to_ingest(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    outer: &jwe::ParsedJwe,
) -> Result<km_domain::SecretBytes, OperationError> {
    const UNKNOWN: OperationError =
        OperationError::refused("ingest-key-unknown", "kid must name a current ingest key of this tenant");
    let kid = outer.header.kid.as_deref().and_then(KeyVersionRef::parse).ok_or(UNKNOWN)?;
    let key =
        keys.key(caller.tenant(), kid.key.as_str()).filter(|key| key.purpose == KeyPurpose::Ingest).ok_or(UNKNOWN)?;
    let version = key.processing(kid.version).ok_or(UNKNOWN)?;
    Ok(km_envelope::jwe::open(outer, &version.stored, &*operations.keys)?)
}

/// One payload, or an array of them under one signature.
fn payloads(bytes: &[u8]) -> Result<Vec<Payload>, OperationError> {
    let value = json::strict(bytes).map_err(|_| MALFORMED)?;
    let values = match value {
        Value::Array(values) => values,
        single => vec![single],
    };
    if values.is_empty() || values.len() > RECORDS {
        return Err(OperationError::invalid("records", "must be from 1 to 1000 under one signature"));
    }
    values.into_iter().map(|value| serde_json::from_value(value).map_err(|_| MALFORMED)).collect()
}

/// Every payload is for this tenant and register, in the order in which the registry names the records; all carry one nonce
/// and one time. Returns the nonce.
fn check(
    now: Timestamp,
    caller: &Caller,
    register: &RegisterName,
    item: &Item,
    records: &[Payload],
) -> Result<String, OperationError> {
    let first = records.first().ok_or(MALFORMED)?;
    if !is_nonce(&first.nonce) {
        return Err(OperationError::invalid("nonce", "must be 16 to 64 characters of base64url"));
    }
    let sent = Timestamp::from_seconds(first.iat);
    if sent > now.plus(Duration::from_secs(30)) || sent.plus(FRESH) < now {
        return Err(OperationError::refused("record-expired", "the record was signed too long ago or in the future"));
    }
    if records.len() != item.records.len() {
        return Err(OperationError::refused("record-mismatch", "the JWE holds other records than the request names"));
    }
    for (payload, (record, version)) in records.iter().zip(&item.records) {
        if payload.tenant != *caller.tenant() {
            return Err(OperationError::refused("tenant-mismatch", "the record is for another tenant"));
        }
        if payload.register != *register {
            return Err(OperationError::refused("register-mismatch", "the record is for another register"));
        }
        if payload.record != *record {
            return Err(OperationError::refused(
                "record-mismatch",
                "the JWE holds another record than the request names",
            ));
        }
        if payload.base_version.checked_add(1) != Some(*version) {
            return Err(OperationError::refused(
                "version-mismatch",
                "base_version is not the version before the one asked for",
            ));
        }
        if payload.nonce != first.nonce || payload.iat != first.iat {
            return Err(OperationError::refused("record-malformed", "records under one signature share iat and nonce"));
        }
    }
    Ok(first.nonce.clone())
}

//! A reader's signed request: parsed, its signature and its key checked, its time and purpose judged.

use std::{sync::Arc, time::Duration};

use km_crypto::PublicKey;
use km_domain::{RecordId, RegisterName, TenantId, Timestamp, register::RegisterDefinition};
use km_formats::{base64url, json, jws};
use km_policy::Stated;
use km_storage::Write;
use serde::Deserialize;

use crate::{Caller, Keys, OperationError, Operations, keyring::is_intact, keys::names};

/// Longest time between `iat` and `exp`.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How far clocks may differ.
const LEEWAY: Duration = Duration::from_secs(30);
/// Most records in one request.
const RECORDS: usize = 1000;

/// What every signed request says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    tenant: TenantId,
    register: RegisterName,
    #[serde(default)]
    records: Vec<RecordId>,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    query: Option<String>,
    purpose: String,
    #[serde(default)]
    case: Option<String>,
    #[serde(default)]
    basis: Option<String>,
    #[serde(default)]
    history: bool,
    nonce: String,
    iat: i64,
    exp: i64,
}

/// A request that may be believed: signed by a key that is enrolled for the caller, in time, with a purpose.
pub(super) struct Request {
    pub register: Arc<RegisterDefinition>,
    pub records: Vec<RecordId>,
    pub fields: Vec<String>,
    pub query: Option<String>,
    pub history: bool,
    pub stated: Stated,
    pub nonce: String,
    pub reader: EnrolledKey,
    expires: Timestamp,
}

/// A reader's or sender's enrolled key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledKey {
    /// RFC 7638 thumbprint: its `kid`.
    pub thumbprint: String,
    pub public: PublicKey,
}

impl Request {
    /// The change that uses the nonce up, on every replica.
    pub fn use_nonce(&self, caller: &Caller, now: Timestamp) -> Write {
        Write::use_nonce(&caller.principal.name(), &self.nonce, self.expires.plus(LEEWAY), now)
    }
}

/// Reads and checks a signed request of this type for this register.
pub(super) fn check(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    typ: &'static str,
    register: &str,
    compact: &str,
) -> Result<Request, OperationError> {
    const MALFORMED: OperationError =
        OperationError::refused("request-malformed", "the request must be a compact JWS with the documented payload");
    let signed = jws::parse(compact).map_err(|_| MALFORMED)?;
    signed.expect_typ(typ).map_err(|_| MALFORMED)?;
    let thumbprint = signed.header.kid.as_deref().ok_or(MALFORMED)?;
    let reader = enrolled_key(operations, keys, caller, thumbprint)?;
    km_envelope::jws::verify(&signed, &reader.public)
        .map_err(|_| OperationError::refused("signature-invalid", "the request's signature does not verify"))?;
    let value = json::strict(signed.payload.expose()).map_err(|_| MALFORMED)?;
    let payload: Payload = serde_json::from_value(value).map_err(|_| MALFORMED)?;
    if payload.tenant != *caller.tenant() {
        return Err(OperationError::refused("tenant-mismatch", "the request is for another tenant"));
    }
    if payload.register.as_str() != register {
        return Err(OperationError::refused("register-mismatch", "the request is for another register"));
    }
    let definition = operations
        .rules
        .register(&payload.register)
        .ok_or(OperationError::refused("register-unknown", "there is no such register"))?;
    in_time(payload.iat, payload.exp, operations.clock.now())?;
    if !is_nonce(&payload.nonce) {
        return Err(OperationError::invalid("nonce", "must be 16 to 64 characters of base64url"));
    }
    if payload.records.len() > RECORDS {
        return Err(OperationError::invalid("records", "must be at most 1000"));
    }
    let stated = operations
        .rules
        .purposes
        .check(&payload.purpose, payload.case.as_deref(), payload.basis.as_deref())
        .map_err(|unstated| OperationError::refused("purpose-refused", purpose_rule(unstated)))?;
    Ok(Request {
        register: Arc::clone(definition),
        records: payload.records,
        fields: payload.fields,
        query: payload.query,
        history: payload.history,
        stated,
        nonce: payload.nonce,
        reader,
        expires: Timestamp::from_seconds(payload.exp),
    })
}

const fn purpose_rule(unstated: km_policy::Unstated) -> &'static str {
    match unstated {
        km_policy::Unstated::Purpose => "purpose: must be one of the closed list",
        km_policy::Unstated::Case => "case: must be letters A-Z, digits, '-' and '/', with a digit",
        km_policy::Unstated::Basis => "basis: must be consent, law, contract, vital-interest or public-task",
    }
}

fn in_time(iat: i64, exp: i64, now: Timestamp) -> Result<(), OperationError> {
    let (iat, exp) = (Timestamp::from_seconds(iat), Timestamp::from_seconds(exp));
    if exp <= iat || exp > iat.plus(LIFETIME) {
        return Err(OperationError::invalid("exp", "must be at most five minutes after iat"));
    }
    if iat > now.plus(LEEWAY) || exp.plus(LEEWAY) < now {
        return Err(OperationError::refused("request-expired", "the request has expired or is not valid yet"));
    }
    Ok(())
}

pub(super) fn is_nonce(nonce: &str) -> bool {
    (16..=64).contains(&nonce.len()) && base64url::decode_strict(nonce).is_ok()
}

/// The active key of this thumbprint, provided that it is enrolled for the caller and its row is as it was written.
pub(super) fn enrolled_key(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    thumbprint: &str,
) -> Result<EnrolledKey, OperationError> {
    const UNKNOWN: OperationError =
        OperationError::refused("key-not-enrolled", "the signing key is not enrolled and approved for the caller");
    let row = operations.storage.reader_key(caller.tenant(), thumbprint)?.ok_or(UNKNOWN)?;
    if row.principal != caller.principal.name() || row.state != "active" {
        return Err(UNKNOWN);
    }
    let integrity = &keys.system(names::ROW_INTEGRITY)?.current()?.stored;
    if !is_intact(&*operations.keys, integrity, &row.covered(), &row.integrity)? {
        return Err(OperationError::refused("integrity", "the row of the signing key was altered"));
    }
    let public = PublicKey::from_spki_der(&row.public_key).map_err(|_| UNKNOWN)?;
    Ok(EnrolledKey { thumbprint: row.thumbprint, public })
}

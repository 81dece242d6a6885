//! A reader or sender enrols a key: its public half, and a signature that proves the private one.

use std::time::Duration;

use km_audit::EventKind;
use km_crypto::PublicKey;
use km_domain::{SignatureAlgorithm, Timestamp};
use km_formats::{json, jwk::Jwk, jws};
use km_policy::Action;
use km_storage::{ReaderRow, Unrecorded, Write};
use serde::Deserialize;

use crate::{Caller, Operation, OperationError, Operations, keys::seal_row};

const TYP: &str = "sealkeep-enrol+jws";
const FRESH: Duration = Duration::from_secs(5 * 60);

/// Where an enrolment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStanding {
    /// Waits for an officer.
    Waiting,
    Active,
    Revoked,
}

impl KeyStanding {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }

    pub(super) fn of(row: &ReaderRow) -> Self {
        match row.state.as_str() {
            "active" => Self::Active,
            "waiting" => Self::Waiting,
            _ => Self::Revoked,
        }
    }
}

/// An enrolled key as its holder and officers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledKey {
    /// RFC 7638 thumbprint: the key's `kid`.
    pub thumbprint: String,
    /// `ISSUER#SUBJECT`.
    pub principal: String,
    pub standing: KeyStanding,
    pub created: Timestamp,
    pub approved_by: String,
}

impl EnrolledKey {
    pub(super) fn of(row: &ReaderRow) -> Self {
        Self {
            thumbprint: row.thumbprint.clone(),
            principal: row.principal.clone(),
            standing: KeyStanding::of(row),
            created: Timestamp::from_micros(row.created),
            approved_by: row.approved_by.clone(),
        }
    }
}

/// What the proof says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    sub: String,
    iss: String,
    iat: i64,
    #[serde(rename = "nonce")]
    _nonce: String,
}

/// Enrols the caller's P-256 key: `jwk` as JSON, `proof` a JWS by that key over the caller's issuer and subject. It waits
/// for an officer. Enrolling the same key again changes nothing.
pub fn enrol(operations: &Operations, caller: &Caller, jwk: &[u8], proof: &str) -> Operation<EnrolledKey> {
    let now = operations.clock.now();
    let checked = caller.may(Action::EnrolOwnKey, now).and_then(|()| check(caller, jwk, proof, now));
    let (public, thumbprint) = match checked {
        Ok(checked) => checked,
        Err(error) => return caller.refuse(operations, EventKind::EnrolmentRequested, error),
    };
    match operations.storage.reader_key(caller.tenant(), &thumbprint) {
        Ok(Some(row)) if row.principal == caller.principal.name() => {
            return Unrecorded::unremarkable(Ok(EnrolledKey::of(&row)));
        }
        Ok(Some(_)) => {
            let error = OperationError::Conflict("key-already-enrolled");
            return caller.refuse(operations, EventKind::EnrolmentRequested, error);
        }
        Ok(None) => {}
        Err(error) => return caller.refuse(operations, EventKind::EnrolmentRequested, error.into()),
    }
    let mut row = ReaderRow {
        tenant: caller.tenant().to_string(),
        thumbprint,
        principal: caller.principal.name(),
        public_key: public.to_spki_der(),
        state: KeyStanding::Waiting.name().to_owned(),
        approved_by: String::new(),
        created: now.micros(),
        integrity: Vec::new(),
    };
    match seal_row(operations, &operations.keyring.keys(), &row.covered()) {
        Ok(code) => row.integrity = code,
        Err(error) => return caller.refuse(operations, EventKind::EnrolmentRequested, error),
    }
    let mut event = caller.event(operations, EventKind::EnrolmentRequested);
    event.object = Some(format!("key {}", row.thumbprint));
    let conflict = crate::caller::refused(event.clone(), &OperationError::Conflict("key-already-enrolled"));
    Unrecorded::new(Ok(EnrolledKey::of(&row)), event).with(Write::insert_reader_key(row)).or_on_conflict(conflict)
}

fn check(caller: &Caller, jwk: &[u8], proof: &str, now: Timestamp) -> Result<(PublicKey, String), OperationError> {
    const BAD_PROOF: OperationError = OperationError::refused(
        "proof-invalid",
        "proof must be a fresh JWS by the key to be enrolled, over the caller's iss and sub",
    );
    let key = Jwk::parse(jwk).map_err(|error| OperationError::invalid(error.part, error.rule))?;
    let public = km_envelope::jwk::from_jwk(&key).map_err(|_| OperationError::invalid("jwk", "must be a valid key"))?;
    if !matches!(public, PublicKey::P256(_)) {
        return Err(OperationError::invalid("jwk", "must be a P-256 key"));
    }
    let thumbprint = km_envelope::jwk::thumbprint(&public)?;
    let signed = jws::parse(proof).map_err(|_| BAD_PROOF)?;
    signed.expect_typ(TYP).map_err(|_| BAD_PROOF)?;
    if signed.header.algorithm != SignatureAlgorithm::Es256 {
        return Err(BAD_PROOF);
    }
    km_envelope::jws::verify(&signed, &public).map_err(|_| BAD_PROOF)?;
    let value = json::strict(signed.payload.expose()).map_err(|_| BAD_PROOF)?;
    let said: Proof = serde_json::from_value(value).map_err(|_| BAD_PROOF)?;
    let made = Timestamp::from_seconds(said.iat);
    let fresh = made <= now.plus(FRESH) && made.plus(FRESH) >= now;
    if said.sub != caller.principal.subject || said.iss != caller.principal.issuer || !fresh {
        return Err(BAD_PROOF);
    }
    Ok((public, thumbprint))
}

/// The caller's own keys.
pub fn own(operations: &Operations, caller: &Caller) -> Operation<Vec<EnrolledKey>> {
    if let Err(error) = caller.may(Action::EnrolOwnKey, operations.clock.now()) {
        return caller.refuse(operations, EventKind::AccessRefused, error);
    }
    let rows = operations.storage.reader_keys_of(caller.tenant(), &caller.principal.name());
    Unrecorded::unremarkable(rows.map(|rows| rows.iter().map(EnrolledKey::of).collect()).map_err(OperationError::from))
}

//! What a reader says beside a request, and the members that every request has.

use std::time::Duration;

use km_domain::{RecordId, RegisterName, TenantId, Timestamp};
use km_formats::base64url;
use serde::Serialize;

/// Why the record is wanted. The key manager keeps it in the log, so it never holds a personal value.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Statement {
    /// One of a closed list: `service-delivery`, `eligibility`, `correction`, `grievance`, `audit`, `statistics`,
    /// `erasure-request`, `import`.
    pub purpose: String,
    /// A case number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The legal basis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

impl Statement {
    pub fn of(purpose: &str) -> Self {
        Self { purpose: purpose.to_owned(), case: None, basis: None }
    }
}

/// How long a request is good; five minutes are the longest that the key manager takes.
const LIFE: Duration = Duration::from_secs(120);

/// The payload of a request; what differs stands in `body`.
#[derive(Serialize)]
pub(crate) struct Payload<'a, T: Serialize> {
    pub tenant: &'a TenantId,
    pub register: &'a RegisterName,
    #[serde(flatten)]
    pub body: T,
    #[serde(flatten)]
    pub statement: &'a Statement,
    pub nonce: &'a str,
    pub iat: i64,
    pub exp: i64,
}

impl<'a, T: Serialize> Payload<'a, T> {
    pub fn new(
        tenant: &'a TenantId,
        register: &'a RegisterName,
        body: T,
        statement: &'a Statement,
        nonce: &'a str,
        now: Timestamp,
    ) -> Self {
        Self { tenant, register, body, statement, nonce, iat: now.seconds(), exp: now.plus(LIFE).seconds() }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The records that a request is about.
#[derive(Serialize)]
pub(crate) struct Records<'a> {
    pub records: &'a [RecordId],
}

/// A new nonce: 16 random bytes as text.
pub(crate) fn nonce() -> String {
    base64url::encode(km_crypto::random::bytes::<16>())
}

/// A new record id of this moment.
pub fn new_record_id(now: Timestamp) -> RecordId {
    RecordId::new(now, km_crypto::random::bytes::<10>())
}

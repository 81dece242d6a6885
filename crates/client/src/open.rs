//! Opening records: the signed request, and the answer taken apart and checked.

use std::collections::{BTreeMap, BTreeSet};

use km_api::records::OpenedRecords;
use km_domain::{FieldName, RecordId, RegisterName, TenantId, Timestamp};
use km_personal::SecretValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    ClientError, KeyFile, ServiceKeys, jose,
    statement::{Payload, Statement, nonce},
};

const REQUEST: &str = "sealkeep-open+jws";
const ANSWER: &str = "sealkeep-answer+jws";
const OUTER: &str = "sealkeep-answer+jwe";
/// How far the clocks of both sides may differ.
const SKEW_SECONDS: i64 = 300;

/// What a reader wants to see.
#[derive(Debug, Clone)]
pub struct OpenQuery {
    pub register: RegisterName,
    pub records: Vec<RecordId>,
    /// There is no "all": every field is named.
    pub fields: Vec<FieldName>,
    pub statement: Statement,
    /// Older versions too; a right of its own.
    pub history: bool,
}

/// A signed request, and what its answer must repeat.
pub struct OpenRequest {
    pub jws: String,
    tenant: TenantId,
    query: OpenQuery,
    nonce: String,
    made: Timestamp,
}

/// A checked answer.
pub struct Opened {
    /// In the order of the request.
    pub records: Vec<OpenedRecord>,
    /// None where the registry brought no record to the key manager.
    pub certified: Option<Certified>,
}

/// What stands beside the records in an answer.
pub struct Certified {
    /// Where the disclosure stands in the log.
    pub log_index: u64,
    /// The newest checkpoint of the log when the answer was made.
    pub checkpoint: Option<String>,
    /// The answer as the key manager signed it: with it the reader can prove later what was received.
    pub signed: jose::SignedAnswer,
}

/// One record of an answer.
pub struct OpenedRecord {
    pub record: RecordId,
    pub outcome: RecordOutcome,
}

pub enum RecordOutcome {
    Values {
        version: u32,
        values: BTreeMap<String, SecretValue>,
        /// Names of the fields that the reader may see masked only.
        masked: BTreeSet<String>,
    },
    /// The key manager did not open it; the stable code says why.
    Refused(String),
    /// The registry did not bring the record to the key manager; its reason is not proven.
    NotBrought(String),
}

#[derive(Serialize)]
struct Body<'a> {
    records: &'a [RecordId],
    fields: &'a [FieldName],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    history: bool,
}

impl OpenRequest {
    /// Signs a request with the reader's key.
    pub fn new(key: &KeyFile, tenant: &TenantId, query: OpenQuery, now: Timestamp) -> Result<Self, ClientError> {
        let nonce = nonce();
        let body = Body { records: &query.records, fields: &query.fields, history: query.history };
        let payload = Payload::new(tenant, &query.register, body, &query.statement, &nonce, now).to_bytes();
        let jws = jose::sign(key, REQUEST, &payload)?;
        Ok(Self { jws, tenant: tenant.clone(), query, nonce, made: now })
    }

    /// Decrypts an answer and checks that the key manager gave it to this very request: signature, nonce, tenant, register, time,
    /// no record and no field that was not asked for. Records come in the order of the request.
    pub fn accept(&self, key: &KeyFile, keys: &ServiceKeys, answer: &OpenedRecords) -> Result<Opened, ClientError> {
        let Some(jwe) = &answer.answer else {
            let records = self.query.records.iter().map(|record| not_brought(*record, answer)).collect();
            return Ok(Opened { records, certified: None });
        };
        let jws = jose::open(key, OUTER, jwe)?;
        let jws = std::str::from_utf8(jws.expose()).map_err(|_| ClientError::NotProven("the answer holds no JWS"))?;
        let payload = jose::verify(keys, ANSWER, jws)?;
        let certified: Answer = serde_json::from_slice(payload.expose())
            .map_err(|_| ClientError::NotProven("the answer is not of the expected shape"))?;
        self.check(&certified)?;
        let Answer { records, log_index, checkpoint, .. } = certified;
        let mut given: Vec<OpenedRecord> =
            records.into_iter().map(|record| self.record(record)).collect::<Result<_, _>>()?;
        let missing = self.query.records.iter().filter(|id| !given.iter().any(|one| one.record == **id));
        let missing: Vec<OpenedRecord> = missing.map(|record| not_brought(*record, answer)).collect();
        given.extend(missing);
        let place = |one: &OpenedRecord| self.query.records.iter().position(|id| *id == one.record);
        given.sort_by_key(place);
        let signed = jose::SignedAnswer::new(jws);
        Ok(Opened { records: given, certified: Some(Certified { log_index, checkpoint, signed }) })
    }

    fn check(&self, answer: &Answer) -> Result<(), ClientError> {
        if answer.request_nonce != self.nonce {
            return Err(ClientError::NotProven("it answers another request"));
        }
        if answer.tenant != self.tenant || answer.register != self.query.register {
            return Err(ClientError::NotProven("it is of another tenant or register"));
        }
        if (answer.iat - self.made.seconds()).abs() > SKEW_SECONDS {
            return Err(ClientError::NotProven("its time is not the request's"));
        }
        let given: BTreeSet<_> = answer.records.iter().map(|record| record.record.as_bytes()).collect();
        let asked = |one: &RecordAnswer| self.query.records.contains(&one.record);
        if !answer.records.iter().all(asked) || (!self.query.history && given.len() != answer.records.len()) {
            return Err(ClientError::NotProven("it is about other records"));
        }
        Ok(())
    }

    fn record(&self, answer: RecordAnswer) -> Result<OpenedRecord, ClientError> {
        let record = answer.record;
        if let Some(code) = answer.refused {
            return Ok(OpenedRecord { record, outcome: RecordOutcome::Refused(code) });
        }
        let asked = |name: &String| self.query.fields.iter().any(|field| field.as_str() == name);
        let version = answer.version.ok_or(ClientError::NotProven("a record has no version"))?;
        if !answer.values.keys().all(asked) || !answer.masked.iter().all(asked) {
            return Err(ClientError::NotProven("it holds fields that were not asked for"));
        }
        let values = answer.values.into_iter().map(|(name, value)| (name, SecretValue::new(value))).collect();
        let masked = answer.masked.into_iter().collect();
        Ok(OpenedRecord { record, outcome: RecordOutcome::Values { version, values, masked } })
    }
}

/// A record that is in no answer, with the registry's reason.
fn not_brought(record: RecordId, answer: &OpenedRecords) -> OpenedRecord {
    let result = answer.results.iter().find(|result| result.record == record);
    let problem = result.and_then(|result| result.problem.as_ref());
    let reason = problem.map_or("no-reason-given", |problem| problem.code()).to_owned();
    OpenedRecord { record, outcome: RecordOutcome::NotBrought(reason) }
}

#[derive(Deserialize)]
struct Answer {
    request_nonce: String,
    tenant: TenantId,
    register: RegisterName,
    records: Vec<RecordAnswer>,
    log_index: u64,
    checkpoint: Option<String>,
    iat: i64,
}

#[derive(Deserialize)]
struct RecordAnswer {
    record: RecordId,
    version: Option<u32>,
    #[serde(default)]
    values: Map<String, Value>,
    #[serde(default)]
    masked: Vec<String>,
    refused: Option<String>,
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;

//! Finding records by a value that the registry never sees.

use km_domain::{FieldName, RegisterName, SecretBytes, TenantId, Timestamp, register::RegisterDefinition};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    ClientError, IngestKey, KeyFile,
    jose::{self, Head},
    open::{OpenedRecord, RecordOutcome},
    statement::{Payload, Statement, nonce},
};

const REQUEST: &str = "sealkeep-find+jws";
const QUERY: &str = "sealkeep-query+jwe";

#[derive(Serialize)]
struct Body {
    query: String,
}

/// Builds the signed request: field and value are encrypted to the ingest key inside it. The value is checked against the
/// field's rules first.
pub fn find_request(
    key: &KeyFile,
    ingest: &IngestKey,
    tenant: &TenantId,
    definition: &RegisterDefinition,
    (field, value): (&FieldName, &Value),
    statement: &Statement,
    now: Timestamp,
) -> Result<String, ClientError> {
    km_personal::query_input(definition, field.as_str(), value).map_err(|fault| ClientError::Fields(vec![fault]))?;
    let register: &RegisterName = &definition.register;
    let plain = SecretBytes::new(json!({"field": field, "value": value}).to_string().into_bytes());
    let head = Head { typ: QUERY, cty: None, register: Some(register.clone()), record: None };
    let query = jose::seal(ingest, head, plain.expose())?;
    let nonce = nonce();
    let payload = Payload::new(tenant, register, Body { query }, statement, &nonce, now).to_bytes();
    jose::sign(key, REQUEST, &payload)
}

/// Whether a record that was opened has the value that was looked for. `Some(false)`: the registry named a record that
/// does not have it. `None`: it cannot be told, because the reader sees the field masked or the record was refused.
pub fn is_answer_to(
    definition: &RegisterDefinition,
    field: &FieldName,
    value: &Value,
    opened: &OpenedRecord,
) -> Option<bool> {
    let RecordOutcome::Values { values, masked, .. } = &opened.outcome else { return None };
    if masked.contains(field.as_str()) {
        return None;
    }
    let found = values.get(field.as_str());
    Some(found.is_some_and(|found| km_personal::matches_query(definition, field.as_str(), value, found.expose())))
}

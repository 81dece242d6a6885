//! IndexTerms: a reader's search value becomes terms that the registry can look up, and nothing else.

use km_audit::{EventKind, digest::hex};
use km_formats::{json, jwe};
use km_personal::{SecretValue, query_input};
use km_policy::Action;
use km_storage::Unrecorded;
use serde_json::Value;

use super::{
    incoming::open_to_ingest,
    request::{self, Request},
    seal::Term,
    sealing::term,
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

const TYP: &str = "sealkeep-find+jws";

/// The terms of one search value, one for each live version of the index key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub field: km_domain::FieldName,
    pub terms: Vec<Term>,
}

/// Terms for the query that the reader signed and encrypted. Counted against the caller's budget: who can ask for terms
/// can guess values.
pub fn terms(operations: &Operations, caller: &Caller, register: &str, compact: &str) -> Operation<Terms> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    let mut event = caller.event(operations, EventKind::RecordFound);
    event.register = register.parse().ok();
    let checked = caller
        .may(Action::FindRecord, now)
        .and_then(|()| {
            let budget = operations.rules.budgets.take(caller.tenant(), &caller.principal.name(), now);
            budget.map_err(|retry_after| OperationError::Budget { retry_after })
        })
        .and_then(|()| request::check(operations, &keys, caller, TYP, register, compact));
    let request = match checked {
        Ok(request) => request,
        Err(error) => {
            let event = crate::caller::refused(event, &error);
            return Unrecorded::new(Err(error), event);
        }
    };
    event.purpose = Some(request.stated.purpose.name().to_owned());
    event.case.clone_from(&request.stated.case);
    event.basis.clone_from(&request.stated.basis);
    event.object = Some(format!("reader {}", request.reader.thumbprint));
    match compute(operations, &keys, caller, &request) {
        Ok(terms) => {
            event.fields = vec![terms.field.clone()];
            let query = request.query.as_deref().unwrap_or_default();
            event.digests.insert("query".into(), hex(&km_crypto::digest::sha256(query.as_bytes())));
            let replayed = crate::caller::refused(event.clone(), &OperationError::Conflict("replayed"));
            Unrecorded::new(Ok(terms), event)
                .with(request.use_nonce(caller, now))
                .checked_at(keys.epoch)
                .or_on_conflict(replayed)
        }
        Err(error) => {
            let event = crate::caller::refused(event, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

fn compute(operations: &Operations, keys: &Keys, caller: &Caller, request: &Request) -> Result<Terms, OperationError> {
    const MALFORMED: OperationError =
        OperationError::refused("query-malformed", "query must be a JWE to the ingest key around field and value");
    // 1. The query: encrypted to the ingest key, so that the registry cannot read it.
    let outer = jwe::parse(request.query.as_deref().ok_or(MALFORMED)?).map_err(|_| MALFORMED)?;
    let plaintext = open_to_ingest(operations, keys, caller, &outer)?;
    let value = json::strict(plaintext.expose()).map_err(|_| MALFORMED)?;
    let Value::Object(mut members) = value else { return Err(MALFORMED) };
    let (field, value) = (members.remove("field"), members.remove("value").map(SecretValue::new));
    let (Some(Value::String(field)), Some(value), true) = (field, value, members.is_empty()) else {
        return Err(MALFORMED);
    };
    // 2. Its normal form, and the key of its index.
    let definition = &request.register;
    let input = query_input(definition, &field, value.expose())
        .map_err(|fault| OperationError::invalid(fault.field, fault.rule))?;
    let (_, key) = keys
        .index_keys(caller.tenant(), &definition.register)
        .find(|(target, _)| target.field == input.field && target.kind == input.rule.kind)
        .ok_or_else(|| OperationError::Unavailable("an index key is missing; run keymanager-svc init".into()))?;
    // 3. A term for every version that the index may still hold.
    let terms = key
        .live()
        .map(|version| term(operations, caller.tenant(), &definition.register, &input, version))
        .collect::<Result<_, _>>()?;
    Ok(Terms { field: input.field.clone(), terms })
}

//! Between the messages of `proto/` and what is stored.

use km_domain::RecordId;
use km_proto::v1;

use super::sealing::Item;
use crate::{
    keymanager::{KeyManagerError, Refusal},
    storage::{
        intents::{IntentRow, Outstanding},
        rows::{SealedField, SealedVersion, Term, Uniqueness},
        seals::NewSeal,
    },
};

/// A JWE with the records that it holds. The register stands once in the request.
pub fn seal_item(item: &Item) -> v1::SealItem {
    let named = |(record, version): &(RecordId, u32)| v1::RecordVersion {
        register: String::new(),
        record: record.to_string(),
        version: *version,
    };
    v1::SealItem { jwe: item.jwe.clone(), records: item.records.iter().map(named).collect() }
}

/// A seal as rows, or the key manager's refusal.
pub fn new_seal(
    record: RecordId,
    version: u32,
    result: v1::SealResult,
) -> Result<Result<NewSeal, Refusal>, KeyManagerError> {
    if result.record != record.to_string() {
        return Err(KeyManagerError::Malformed("a seal is for another record"));
    }
    let seal = match result.outcome.ok_or(KeyManagerError::Malformed("a seal has no outcome"))? {
        v1::seal_result::Outcome::Seal(seal) => seal,
        v1::seal_result::Outcome::Refusal(refusal) => return Ok(Err(refusal.into())),
    };
    if seal.version != version {
        return Err(KeyManagerError::Malformed("a seal is for another version"));
    }
    let terms = seal.terms.into_iter().map(term).collect::<Result<_, _>>()?;
    let number = |number| i32::try_from(number).map_err(|_| KeyManagerError::Malformed("a version is too large"));
    let new = NewSeal {
        record: record.to_string(),
        version: number(version)?,
        schema_version: number(seal.schema)?,
        clear: if seal.clear.is_empty() { "{}".to_owned() } else { seal.clear },
        fields: seal.fields.into_iter().map(|field| SealedField { field: field.field, value: field.value }).collect(),
        terms,
    };
    Ok(Ok(new))
}

/// An index term as it is stored and looked up.
pub fn term(term: v1::IndexTerm) -> Result<Term, KeyManagerError> {
    Ok(Term {
        field: term.field,
        kind: term.kind,
        key_version: i32::try_from(term.version)
            .map_err(|_| KeyManagerError::Malformed("an index key version is too large"))?,
        term: term.term,
        uniqueness: match term.unique.as_str() {
            "" => Uniqueness::No,
            name => Uniqueness::from_name(name).ok_or(KeyManagerError::Malformed("an index rule is unknown"))?,
        },
    })
}

/// A version as the key manager takes it: all its fields, so that it can tell whether one was removed.
pub fn sealed_record(version: SealedVersion) -> v1::SealedRecord {
    let field = |field: SealedField| v1::SealedField { field: field.field, value: field.value };
    v1::SealedRecord {
        record: version.record,
        version: u32::try_from(version.version).unwrap_or_default(),
        schema: u32::try_from(version.schema_version).unwrap_or_default(),
        fields: version.fields.into_iter().map(field).collect(),
        clear: version.clear,
    }
}

/// What is told of earlier seals.
pub fn settlement(told: &Outstanding) -> v1::Settlement {
    let versions = |rows: &[IntentRow]| rows.iter().map(record_version).collect();
    v1::Settlement { confirmed: versions(&told.stored), withdrawn: versions(&told.dropped) }
}

fn record_version(row: &IntentRow) -> v1::RecordVersion {
    v1::RecordVersion {
        register: row.register.clone(),
        record: row.record.clone(),
        version: u32::try_from(row.version).unwrap_or_default(),
    }
}

//! Opening: sealed values go to the key manager with the reader's signed request, and its answer goes back to the
//! reader as it came, encrypted to the reader's own key.

use std::collections::BTreeMap;

use km_domain::{RecordId, RegisterName};
use km_policy::Action;
use km_proto::v1;

use super::{
    Caller, Registry, refuse, settle,
    signed_request::{self, Kind},
};
use crate::{
    error::RegistryError,
    keymanager::Refusal,
    storage::{Place, records, rows::SealedVersion},
};

/// What comes back.
#[derive(Debug)]
pub struct Opened {
    /// JWE to the reader. Empty only if no record of the request is here.
    pub answer: String,
    /// One a record, in the order of the request; a refusal where the record stays closed.
    pub results: Vec<(RecordId, Option<RegistryError>)>,
}

/// Opens one record, which must be the only one that the request names. If it stays closed, that is the error.
///
/// # Errors
/// The caller may not, the record is not here, or the key manager refuses.
pub async fn open_one(
    registry: &Registry,
    caller: &Caller,
    register: &RegisterName,
    record: RecordId,
    request: String,
) -> Result<Opened, RegistryError> {
    let (place, _) = registry.enter(caller, Action::OpenRecord, register)?;
    signed_request::only(&request, Kind::Open, register, record)?;
    let mut opened = open(registry, caller, place, vec![record], request).await?;
    match opened.results.pop() {
        Some((_, Some(error))) => Err(error),
        Some(fine) => {
            opened.results.push(fine);
            Ok(opened)
        }
        None => Err(RegistryError::UnknownRecord),
    }
}

/// Opens the records that the request names.
///
/// # Errors
/// The caller may not, or the key manager refuses the request as a whole.
pub async fn open_many(
    registry: &Registry,
    caller: &Caller,
    register: &RegisterName,
    request: String,
) -> Result<Opened, RegistryError> {
    let (place, _) = registry.enter(caller, Action::OpenRecord, register)?;
    let ids = signed_request::records(&request, Kind::Open, register)?;
    open(registry, caller, place, ids, request).await
}

async fn open(
    registry: &Registry,
    caller: &Caller,
    place: Place,
    ids: Vec<RecordId>,
    request: String,
) -> Result<Opened, RegistryError> {
    // 1. What is here.
    let here = load(registry, &place, &ids).await?;
    let mut absent = BTreeMap::new();
    for id in &ids {
        match here.get(&id.to_string()) {
            Some(Here::Sealed(_)) => {}
            Some(Here::Erased) => {
                let error = refuse::record(registry, caller, place.register.as_str(), RegistryError::Erased).await;
                absent.insert(*id, error);
            }
            None => drop(absent.insert(*id, RegistryError::UnknownRecord)),
        }
    }
    let sealed: Vec<v1::SealedRecord> = here
        .into_values()
        .filter_map(|here| match here {
            Here::Sealed(version) => Some(message(version)),
            Here::Erased => None,
        })
        .collect();
    if sealed.is_empty() {
        return Ok(Opened { answer: String::new(), results: in_order(ids, absent) });
    }
    // 2. The key manager judges the request, records the disclosure and answers the reader.
    let told = settle::before_call(registry).await?;
    let call = v1::OpenRecordRequest {
        register: place.register.to_string(),
        request,
        records: sealed,
        settlement: Some(settle::message(&told)),
    };
    let (answer, results) = registry.keymanager.open(&caller.behalf, call).await?;
    settle::forget(registry, told).await?;
    // 3. The answer, as it came.
    for result in results.into_iter().filter(|result| !result.opened) {
        if let Ok(record) = result.record.parse::<RecordId>() {
            let refusal = result.refusal.unwrap_or_default();
            absent.entry(record).or_insert(RegistryError::Refused(Refusal::from(refusal)));
        }
    }
    Ok(Opened { answer, results: in_order(ids, absent) })
}

/// What the registry has of a record.
enum Here {
    Sealed(SealedVersion),
    Erased,
}

async fn load(registry: &Registry, place: &Place, ids: &[RecordId]) -> Result<BTreeMap<String, Here>, RegistryError> {
    let (place, ids) = (place.clone(), ids.iter().map(RecordId::to_string).collect::<Vec<_>>());
    let loaded = registry.store.read(move |db| {
        let mut here: BTreeMap<String, Here> = records::current(db, &place, &ids)?
            .into_iter()
            .filter(|(_, row)| row.erased.is_some())
            .map(|(id, _)| (id, Here::Erased))
            .collect();
        for version in records::sealed(db, &place, &ids)? {
            here.insert(version.record.clone(), Here::Sealed(version));
        }
        Ok(here)
    });
    Ok(loaded.await?)
}

/// A version as the key manager takes it: all its fields, so that it can tell whether one was removed.
pub(super) fn message(version: SealedVersion) -> v1::SealedRecord {
    let field = |field: crate::storage::rows::SealedField| v1::SealedField { field: field.field, value: field.value };
    v1::SealedRecord {
        record: version.record,
        version: u32::try_from(version.version).unwrap_or_default(),
        schema: u32::try_from(version.schema_version).unwrap_or_default(),
        fields: version.fields.into_iter().map(field).collect(),
        clear: version.clear,
    }
}

fn in_order(
    ids: Vec<RecordId>,
    mut refused: BTreeMap<RecordId, RegistryError>,
) -> Vec<(RecordId, Option<RegistryError>)> {
    ids.into_iter().map(|id| (id, refused.remove(&id))).collect()
}

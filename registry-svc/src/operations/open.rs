//! Opening: sealed values go to the key manager with the reader's signed request, and its answer goes back to the
//! reader as it came, encrypted to the reader's own key.

use std::{collections::BTreeMap, time::Duration};

use km_domain::{RecordId, RegisterName};
use km_policy::Action;
use km_proto::v1;

use super::{
    Caller, Registry, erase, refuse, settle,
    signed_request::{self, Asked, Kind},
    wire,
};
use crate::{
    error::RegistryError,
    keymanager::Refusal,
    storage::{Place, intents, records, rows::SealedVersion},
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
    let asked = signed_request::only(&request, Kind::Open, register, record)?;
    let mut opened = open(registry, caller, place, asked, request).await?;
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
    let asked = signed_request::asked(&request, Kind::Open, register)?;
    open(registry, caller, place, asked, request).await
}

async fn open(
    registry: &Registry,
    caller: &Caller,
    place: Place,
    asked: Asked,
    request: String,
) -> Result<Opened, RegistryError> {
    // 1. What is here, once no update of it is half done.
    let ids = asked.records;
    wait_for_updates(registry, &place, &ids).await?;
    let here = load(registry, &place, &ids, asked.history).await?;
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
            Here::Sealed(versions) => Some(versions),
            Here::Erased => None,
        })
        .flatten()
        .map(wire::sealed_record)
        .collect();
    if sealed.is_empty() {
        return Ok(Opened { answer: String::new(), results: in_order(ids, absent) });
    }
    let supplied: BTreeMap<String, u32> =
        sealed.iter().rev().map(|version| (version.record.clone(), version.version)).collect();
    // 2. The key manager judges the request, records the disclosure and answers the reader.
    let told = settle::before_call(registry).await?;
    let call = v1::OpenRecordRequest {
        register: place.register.to_string(),
        request,
        records: sealed,
        settlement: Some(wire::settlement(&told)),
    };
    let (answer, results) = registry.keymanager.open(&caller.behalf, call).await?;
    settle::forget(registry, told).await?;
    suspect_lost_seals(registry, &place, &results, &supplied).await?;
    let is_erased =
        |result: &&v1::OpenResult| result.refusal.as_ref().is_some_and(|refusal| refusal.code == erase::ERASED);
    let erased = results.iter().filter(is_erased).map(|result| result.record.clone()).collect();
    erase::finish(registry, &place, erased).await?;
    // 3. The answer, as it came.
    for result in results.into_iter().filter(|result| !result.opened) {
        if let Ok(record) = result.record.parse::<RecordId>() {
            let refusal = result.refusal.unwrap_or_default();
            absent.entry(record).or_insert(RegistryError::Refused(Refusal::from(refusal)));
        }
    }
    Ok(Opened { answer, results: in_order(ids, absent) })
}

/// While an update is under way, the key manager knows the new version and the registry still has the old one: a request
/// in between would be refused, and its nonce used up. Most updates take milliseconds.
async fn wait_for_updates(registry: &Registry, place: &Place, ids: &[RecordId]) -> Result<(), RegistryError> {
    for _ in 0..40 {
        let (place, ids) = (place.clone(), ids.iter().map(RecordId::to_string).collect::<Vec<_>>());
        if !registry.store.read(move |db| intents::any_under_way(db, &place, &ids)).await? {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Where the key manager knows a later version than was supplied, that may be a seal whose answer was lost. It is offered
/// for withdrawal, which the key manager grants for unconfirmed seals only.
async fn suspect_lost_seals(
    registry: &Registry,
    place: &Place,
    results: &[v1::OpenResult],
    supplied: &BTreeMap<String, u32>,
) -> Result<(), RegistryError> {
    let is_stale =
        |result: &&v1::OpenResult| result.refusal.as_ref().is_some_and(|refusal| refusal.code == "stale-version");
    let suspects: Vec<(String, i32)> = results
        .iter()
        .filter(is_stale)
        .filter_map(|result| {
            let version = supplied.get(&result.record)?.checked_add(1)?;
            Some((result.record.clone(), i32::try_from(version).ok()?))
        })
        .collect();
    if suspects.is_empty() {
        return Ok(());
    }
    let (place, instance, now) = (place.clone(), registry.instance.clone(), registry.clock.now());
    let noted = registry.store.write(move |db| {
        suspects.iter().try_for_each(|(record, version)| intents::suspect(db, &place, record, *version, &instance, now))
    });
    Ok(noted.await?)
}

/// What the registry has of a record.
enum Here {
    /// The current version, and where history is asked for the earlier ones after it.
    Sealed(Vec<SealedVersion>),
    Erased,
}

async fn load(
    registry: &Registry,
    place: &Place,
    ids: &[RecordId],
    history: bool,
) -> Result<BTreeMap<String, Here>, RegistryError> {
    let (place, ids) = (place.clone(), ids.iter().map(RecordId::to_string).collect::<Vec<_>>());
    let loaded = registry.store.read(move |db| {
        let mut here: BTreeMap<String, Here> = records::current(db, &place, &ids)?
            .into_iter()
            .filter(|(_, row)| row.erased.is_some())
            .map(|(id, _)| (id, Here::Erased))
            .collect();
        for version in records::sealed(db, &place, &ids)? {
            let mut versions = vec![version];
            if history {
                versions.extend(records::earlier(db, &place, &versions[0])?);
            }
            here.insert(versions[0].record.clone(), Here::Sealed(versions));
        }
        Ok(here)
    });
    Ok(loaded.await?)
}

fn in_order(
    ids: Vec<RecordId>,
    mut refused: BTreeMap<RecordId, RegistryError>,
) -> Vec<(RecordId, Option<RegistryError>)> {
    ids.into_iter().map(|id| (id, refused.remove(&id))).collect()
}

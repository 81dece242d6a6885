//! After the rotation of an index key: the terms of every record are recomputed in the key zone from its sealed values,
//! stored beside the old ones, and the old ones go when none is missing. A step at a time, from a kept position.

use km_domain::RegisterName;
use km_proto::v1;

use super::{Registry, erase, wire};
use crate::{
    error::RegistryError,
    keymanager::{Behalf, KeyManagerError},
    storage::{Place, jobs, records, terms},
};

/// Records a step.
const STEP: i64 = 50;

/// What a step left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Every term is under the current version of its key.
    Done,
    More,
}

/// The current version of each index key, by field and kind, of one register.
pub type Current = Vec<(String, String, i32)>;

/// Current versions of a register's index keys, in order.
///
/// # Errors
/// The key manager is not available.
pub async fn current(registry: &Registry, register: &RegisterName) -> Result<Current, RegistryError> {
    let status = registry.keymanager.rewrap_status(&Behalf::registry()?).await?;
    let of_register = status.index.into_iter().filter(|index| index.register == register.as_str());
    let number = |number| i32::try_from(number).map_err(|_| KeyManagerError::Malformed("a version is too large"));
    let mut current = of_register
        .map(|index| Ok((index.field, index.kind, number(index.current)?)))
        .collect::<Result<Current, KeyManagerError>>()?;
    current.sort();
    Ok(current)
}

/// One step for one register, towards these versions.
///
/// # Errors
/// The key manager or the database is not available; the position stands.
pub async fn step(registry: &Registry, register: &RegisterName, current: &Current) -> Result<Progress, RegistryError> {
    let place = Place { tenant: registry.tenant.clone(), register: register.clone() };
    // 1. Is anything left under an older version?
    let at = place.clone();
    let counts = registry.store.read(move |db| terms::count_by_version(db, &at)).await?;
    let old = |(field, kind, version): &(String, String, i32)| {
        counts.iter().any(|(f, k, v, count)| (f, k) == (field, kind) && v < version && *count > 0)
    };
    if !current.iter().any(old) {
        return Ok(Progress::Done);
    }
    // 2. The next records, from where the walk towards these versions stands.
    let goal = goal(current);
    let job = format!("recompute-terms/{}/{register}", registry.tenant);
    let (at, name) = (place.clone(), job.clone());
    let kept = registry.store.read(move |db| jobs::position(db, &name)).await?;
    let after = kept.and_then(|kept| Some(kept.strip_prefix(&goal)?.to_owned())).unwrap_or_default();
    let sealed = registry
        .store
        .read(move |db| {
            let ids = records::ids_after(db, &at, &after, STEP)?;
            records::sealed(db, &at, &ids)
        })
        .await?;
    let Some(last) = sealed.last().map(|version| version.record.clone()) else {
        return finish(registry, place, current, job).await;
    };
    // 3. Their terms, under the current versions.
    let call = v1::RecomputeTermsRequest {
        register: register.to_string(),
        records: sealed.into_iter().map(wire::sealed_record).collect(),
    };
    let results = registry.keymanager.recompute_terms(&Behalf::registry()?, call).await?;
    store(registry, place, results, job, format!("{goal}{last}")).await?;
    Ok(Progress::More)
}

/// A position counts only towards the versions that it was walked for.
fn goal(current: &Current) -> String {
    let parts: Vec<String> = current.iter().map(|(field, kind, version)| format!("{field}.{kind}.{version}")).collect();
    format!("{}|", parts.join(","))
}

async fn store(
    registry: &Registry,
    place: Place,
    results: Vec<v1::RecomputedTerms>,
    job: String,
    position: String,
) -> Result<(), RegistryError> {
    let (mut recomputed, mut erased) = (Vec::with_capacity(results.len()), Vec::new());
    for result in results {
        if let Some(refusal) = result.refusal {
            if refusal.code == erase::ERASED {
                erased.push(result.record);
            } else {
                // An altered record has no terms; the walk goes on, and opening it tells the same.
                tracing::warn!(event = "terms.refused", code = refusal.code, "terms of a record were not recomputed");
            }
            continue;
        }
        let new = result.terms.into_iter().map(wire::term).collect::<Result<Vec<_>, _>>()?;
        let version =
            i32::try_from(result.version).map_err(|_| KeyManagerError::Malformed("a version is too large"))?;
        recomputed.push((result.record, version, new));
    }
    erase::finish(registry, &place, erased).await?;
    let now = registry.clock.now();
    let stored = registry.store.write(move |db| {
        for (record, version, new) in &recomputed {
            // A record that was updated meanwhile got its terms with the update.
            terms::add(db, &place, record, *version, new)?;
        }
        jobs::set_position(db, &job, &position, now)
    });
    Ok(stored.await?)
}

/// Every record has been passed: what is left under older versions is not needed by any search. If a key was rotated again
/// meanwhile, the walk begins anew.
async fn finish(registry: &Registry, place: Place, goal: &Current, job: String) -> Result<Progress, RegistryError> {
    let still = current(registry, &place.register).await? == *goal;
    let versions = goal.clone();
    let removed = registry
        .store
        .write(move |db| {
            let mut removed = 0;
            for (field, kind, version) in versions.iter().filter(|_| still) {
                removed += terms::remove_below(db, &place, field, kind, *version)?;
            }
            jobs::forget(db, &job)?;
            Ok(removed)
        })
        .await?;
    tracing::info!(event = "terms.recomputed", removed, "every record was passed in the recomputation of index terms");
    Ok(Progress::Done)
}

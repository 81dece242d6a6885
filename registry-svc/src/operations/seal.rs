//! Sealing: what came in encrypted is stored encrypted, through the key manager, which alone can read it.

use std::collections::BTreeSet;

use km_domain::{RecordId, RegisterName};
use km_policy::Action;
use km_proto::v1;

use super::{
    Caller, Registry, envelope, refuse,
    sealing::{self, Batch, Item, pair},
    settle, wire,
};
use crate::{
    error::RegistryError,
    keymanager::KeyManagerError,
    storage::{
        Place, StoreError, intents,
        seals::{self, Stored},
    },
};

/// What became of one record.
#[derive(Debug)]
pub enum Sealed {
    Created { version: u32, receipt: String, duplicates: Vec<String> },
    Updated { version: u32, receipt: String, duplicates: Vec<String> },
    Refused(RegistryError),
}

/// A call seals at most so many records.
pub const MOST_RECORDS: usize = 1000;

/// Seals records. Each succeeds or fails by itself; the answer has one outcome a record, in order.
///
/// # Errors
/// The caller may not, the request is malformed, or the key manager or the database is not available.
pub async fn seal(
    registry: &Registry,
    caller: &Caller,
    register: &RegisterName,
    items: Vec<Item>,
    import: bool,
) -> Result<Vec<(RecordId, Sealed)>, RegistryError> {
    // 1. May the caller, and is each JWE one for this place?
    let (place, _) = registry.enter(caller, Action::SealRecord, register)?;
    check_items(register, &items)?;
    // 2. What stands in the way of each record here? Then note what will be asked for, so that no crash forgets it.
    let told = settle::before_call(registry).await?;
    let batch = sealing::prepare(registry, &place, items).await?;
    if batch.items.is_empty() {
        return Ok(record_refusals(registry, caller, &place, batch.into_outcomes(Vec::new())?).await);
    }
    // 3. The key manager checks, opens and seals; it also learns what became of earlier seals.
    let message = v1::SealRecordRequest {
        register: register.to_string(),
        items: batch.items.iter().map(wire::seal_item).collect(),
        settlement: Some(wire::settlement(&told)),
        import,
    };
    let answer = match registry.keymanager.seal(&caller.behalf, message).await {
        Ok(answer) => answer,
        Err(error) => {
            batch.give_up(registry, &place).await;
            return Err(error.into());
        }
    };
    // 4. All of it is stored in one transaction, or withdrawn at the next call.
    let stored = match store(registry, &place, &batch, answer, told).await {
        Ok(stored) => stored,
        Err(error) => {
            // The caller has waited for this very database long enough.
            tokio::spawn(batch.give_up(registry, &place));
            return Err(error);
        }
    };
    Ok(record_refusals(registry, caller, &place, batch.into_outcomes(stored)?).await)
}

fn check_items(register: &RegisterName, items: &[Item]) -> Result<(), RegistryError> {
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let records: Vec<RecordId> = item.records.iter().map(|(record, _)| *record).collect();
        let field = || if items.len() == 1 { "jwe".to_owned() } else { format!("items[{index}].jwe") };
        if records.is_empty() {
            return Err(RegistryError::malformed(format!("items[{index}].records"), "must name what the JWE holds"));
        }
        if !records.iter().all(|record| seen.insert(*record)) {
            return Err(RegistryError::malformed(format!("items[{index}].records"), "must not name a record twice"));
        }
        if item.records.iter().any(|(_, version)| *version == 0 || i32::try_from(*version).is_err()) {
            return Err(RegistryError::malformed(format!("items[{index}].records"), "must have versions from 1"));
        }
        envelope::check(&item.jwe, &field(), register, &records)?;
    }
    if seen.is_empty() || seen.len() > MOST_RECORDS {
        return Err(RegistryError::malformed("items", "must hold 1 to 1000 records"));
    }
    Ok(())
}

async fn store(
    registry: &Registry,
    place: &Place,
    batch: &Batch,
    (results, receipts): (Vec<v1::SealResult>, Vec<String>),
    told: intents::Outstanding,
) -> Result<Vec<(RecordId, Sealed)>, RegistryError> {
    // A receipt is for all that one JWE held.
    let expected = batch.items.iter().zip(&receipts).flat_map(|(item, receipt)| {
        item.records.iter().map(move |(record, version)| (*record, *version, receipt.clone()))
    });
    let answers = expected
        .zip(results)
        .map(|((record, version, receipt), result)| {
            Ok((record, version, receipt, wire::new_seal(record, version, result)?))
        })
        .collect::<Result<Vec<_>, KeyManagerError>>()?;
    let (place, asked) = (place.clone(), batch.asked.clone());
    let (instance, now) = (registry.instance.clone(), registry.clock.now());
    let stored = registry.store.write(move |db| {
        intents::settled(db, &told)?;
        let (mut seals, mut sealed, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
        for (record, version, receipt, answer) in answers {
            let pair = [pair(record, version)];
            match answer {
                Ok(seal) if asked.contains(&record) => {
                    seals.push(seal);
                    sealed.push((record, version, receipt));
                }
                // Sealed although it exists here: it came along in a JWE that was sent for others.
                Ok(_) => {
                    intents::ask(db, &place, &pair, &instance, now)?;
                    intents::mark(db, &place, &pair, intents::State::Dropped)?;
                }
                Err(_) if !asked.contains(&record) => {}
                Err(refusal) => {
                    if KNOWS_ANOTHER_VERSION.contains(&refusal.code.as_str()) {
                        intents::mark(db, &place, &pair, intents::State::Dropped)?;
                    } else {
                        intents::forget(db, &place, &pair)?;
                    }
                    outcomes.push((record, Sealed::Refused(RegistryError::Refused(refusal))));
                }
            }
        }
        let stored = seals::store(db, &place, &seals, now)?;
        outcomes.extend(
            sealed
                .into_iter()
                .zip(stored)
                .map(|((record, version, receipt), stored)| (record, outcome(stored, version, receipt))),
        );
        Ok::<_, StoreError>(outcomes)
    });
    Ok(stored.await?)
}

/// Refusals that say that the key manager knows a version which is not here: a seal whose answer was lost. It is withdrawn,
/// so that the next attempt finds both sides agreed; a confirmed one cannot be withdrawn and stays.
const KNOWS_ANOTHER_VERSION: [&str; 2] = ["record-exists", "version-conflict"];

fn outcome(stored: Stored, version: u32, receipt: String) -> Sealed {
    match stored {
        Stored::Created { duplicates } => Sealed::Created { version, receipt, duplicates },
        Stored::Updated { duplicates } => Sealed::Updated { version, receipt, duplicates },
        Stored::Stale => Sealed::Refused(RegistryError::PreconditionFailed { current: None }),
        Stored::Erased => Sealed::Refused(RegistryError::Erased),
        Stored::Taken { field } => Sealed::Refused(RegistryError::Taken { field }),
    }
}

/// The registry's own refusals (a value that is taken, an erased record) go into the log, one event a record.
async fn record_refusals(
    registry: &Registry,
    caller: &Caller,
    place: &Place,
    outcomes: Vec<(RecordId, Sealed)>,
) -> Vec<(RecordId, Sealed)> {
    let mut recorded = Vec::with_capacity(outcomes.len());
    for (record, outcome) in outcomes {
        let outcome = match outcome {
            Sealed::Refused(error) => {
                Sealed::Refused(refuse::record(registry, caller, place.register.as_str(), error).await)
            }
            done => done,
        };
        recorded.push((record, outcome));
    }
    recorded
}

//! Sealing: what came in encrypted is stored encrypted, through the key manager, which alone can read it.

use std::collections::{BTreeMap, BTreeSet};

use km_domain::{RecordId, RegisterName};
use km_policy::Action;
use km_proto::v1;

use super::{Caller, Registry, envelope, refuse, settle};
use crate::{
    error::RegistryError,
    keymanager::{KeyManagerError, Refusal},
    storage::{
        Place, StoreError, intents, records,
        rows::{RecordRow, SealedField, Term, Uniqueness},
        seals::{self, NewSeal, Stored},
    },
};

/// A JWE as its sender made it, with what it holds, in order.
#[derive(Debug, Clone)]
pub struct Item {
    pub jwe: String,
    /// Each record with the version that the seal makes.
    pub records: Vec<(RecordId, u32)>,
}

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
    let batch = prepare(registry, &place, items).await?;
    if batch.items.is_empty() {
        return Ok(record_refusals(registry, caller, &place, batch.into_outcomes(Vec::new())?).await);
    }
    // 3. The key manager checks, opens and seals; it also learns what became of earlier seals.
    let message = v1::SealRecordRequest {
        register: register.to_string(),
        items: batch.items.iter().map(to_item).collect(),
        settlement: Some(settle::message(&told)),
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
            batch.give_up(registry, &place).await;
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

/// A call in the making: what is sent, and what was decided without sending.
struct Batch {
    /// In order, all of the request.
    order: Vec<RecordId>,
    /// Refused here. A refused record may still be inside a JWE that is sent for others.
    refused: BTreeMap<RecordId, RegistryError>,
    items: Vec<Item>,
    /// With an intent.
    asked: BTreeSet<RecordId>,
}

impl Batch {
    /// The intents are left to withdraw. If even that cannot be written, the job finds them by their age.
    async fn give_up(&self, registry: &Registry, place: &Place) {
        let (place, pairs) = (place.clone(), self.pairs());
        let written = registry.store.write(move |db| {
            pairs
                .iter()
                .try_for_each(|(record, version)| intents::mark(db, &place, record, *version, intents::State::Dropped))
        });
        if let Err(error) = written.await {
            tracing::warn!(event = "seal.intent-left", %error, "intents of a failed call could not be marked");
        }
    }

    fn pairs(&self) -> Vec<(String, i32)> {
        let all = self.items.iter().flat_map(|item| &item.records);
        all.filter(|(record, _)| self.asked.contains(record)).map(|(record, version)| pair(*record, *version)).collect()
    }

    fn into_outcomes(self, stored: Vec<(RecordId, Sealed)>) -> Result<Vec<(RecordId, Sealed)>, RegistryError> {
        let mut outcomes: BTreeMap<RecordId, Sealed> = stored.into_iter().collect();
        outcomes.extend(self.refused.into_iter().map(|(record, error)| (record, Sealed::Refused(error))));
        let missing = RegistryError::KeyManager(KeyManagerError::Malformed("an outcome is missing"));
        let ordered: Option<Vec<_>> =
            self.order.into_iter().map(|record| Some((record, outcomes.remove(&record)?))).collect();
        ordered.ok_or(missing)
    }
}

fn pair(record: RecordId, version: u32) -> (String, i32) {
    // Versions were checked to fit.
    (record.to_string(), i32::try_from(version).unwrap_or(i32::MAX))
}

async fn prepare(registry: &Registry, place: &Place, items: Vec<Item>) -> Result<Batch, RegistryError> {
    let (place, instance, now) = (place.clone(), registry.instance.clone(), registry.clock.now());
    let prepared = registry.store.write(move |db| {
        let order: Vec<RecordId> = items.iter().flat_map(|item| &item.records).map(|(record, _)| *record).collect();
        let ids: Vec<String> = order.iter().map(RecordId::to_string).collect();
        let rows = records::current(db, &place, &ids)?;
        let mut batch = Batch { order, refused: BTreeMap::new(), items: Vec::new(), asked: BTreeSet::new() };
        for item in items {
            let mut open = Vec::new();
            for (record, version) in &item.records {
                match obstacle(rows.get(&record.to_string()), *version) {
                    Some(error) => drop(batch.refused.insert(*record, error)),
                    None => open.push((*record, *version)),
                }
            }
            let pairs: Vec<_> = open.iter().map(|(record, version)| pair(*record, *version)).collect();
            if !intents::under_way(db, &place, &pairs)?.is_empty() {
                // The JWE is one piece: it waits as a whole.
                batch.refused.extend(open.iter().map(|(record, _)| (*record, RegistryError::UnderWay)));
            } else if !open.is_empty() {
                intents::ask(db, &place, &pairs, &instance, now)?;
                batch.asked.extend(open.iter().map(|(record, _)| *record));
                batch.items.push(item);
            }
        }
        Ok(batch)
    });
    Ok(prepared.await?)
}

/// Why this version cannot be made of the record as it stands.
fn obstacle(row: Option<&RecordRow>, version: u32) -> Option<RegistryError> {
    let current = row.map_or(0, |row| u32::try_from(row.version).unwrap_or(u32::MAX));
    if row.is_some_and(|row| row.erased.is_some()) {
        return Some(RegistryError::Erased);
    }
    if current + 1 == version {
        return None;
    }
    if current >= version {
        return Some(RegistryError::Exists { version: current });
    }
    Some(RegistryError::PreconditionFailed { current: (current > 0).then_some(current) })
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
        .map(|((record, version, receipt), result)| Ok((record, version, receipt, read(record, version, result)?)))
        .collect::<Result<Vec<_>, KeyManagerError>>()?;
    let (place, asked) = (place.clone(), batch.asked.clone());
    let (instance, now) = (registry.instance.clone(), registry.clock.now());
    let stored = registry.store.write(move |db| {
        intents::settled(db, &told)?;
        let mut outcomes = Vec::with_capacity(answers.len());
        for (record, version, receipt, answer) in answers {
            let (id, number) = pair(record, version);
            let outcome = match answer {
                Ok(seal) if asked.contains(&record) => outcome(seals::store(db, &place, &seal, now)?, version, receipt),
                // Sealed although it exists here: it came along in a JWE that was sent for others.
                Ok(_) => {
                    intents::ask(db, &place, &[(id.clone(), number)], &instance, now)?;
                    intents::mark(db, &place, &id, number, intents::State::Dropped)?;
                    continue;
                }
                Err(refusal) => {
                    if !asked.contains(&record) {
                        continue;
                    }
                    if KNOWS_ANOTHER_VERSION.contains(&refusal.code.as_str()) {
                        intents::mark(db, &place, &id, number, intents::State::Dropped)?;
                    } else {
                        intents::forget(db, &place, &id, number)?;
                    }
                    Sealed::Refused(RegistryError::Refused(refusal))
                }
            };
            outcomes.push((record, outcome));
        }
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

fn to_item(item: &Item) -> v1::SealItem {
    // Only the record and its version: the register stands once in the request.
    let named = |(record, version): &(RecordId, u32)| v1::RecordVersion {
        register: String::new(),
        record: record.to_string(),
        version: *version,
    };
    v1::SealItem { jwe: item.jwe.clone(), records: item.records.iter().map(named).collect() }
}

/// A seal as rows, or the key manager's refusal.
fn read(record: RecordId, version: u32, result: v1::SealResult) -> Result<Result<NewSeal, Refusal>, KeyManagerError> {
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
pub(super) fn term(term: v1::IndexTerm) -> Result<Term, KeyManagerError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: i32, erased: Option<i64>) -> RecordRow {
        RecordRow {
            tenant: "demo".into(),
            register: "individual".into(),
            record: String::new(),
            version,
            schema_version: 1,
            clear: "{}".into(),
            created: 0,
            updated: 0,
            erased,
            certificate: None,
        }
    }

    #[test]
    fn only_the_next_version_can_be_made() {
        assert!(obstacle(None, 1).is_none());
        assert!(obstacle(Some(&row(3, None)), 4).is_none());
        assert!(matches!(obstacle(None, 2), Some(RegistryError::PreconditionFailed { current: None })));
        assert!(matches!(obstacle(Some(&row(3, None)), 5), Some(RegistryError::PreconditionFailed { .. })));
        assert!(matches!(obstacle(Some(&row(3, None)), 1), Some(RegistryError::Exists { version: 3 })));
        assert!(matches!(obstacle(Some(&row(3, Some(1))), 4), Some(RegistryError::Erased)));
    }
}

//! A call to seal, in the making: what is sent to the key manager, and what was decided without asking it.

use std::collections::{BTreeMap, BTreeSet};

use km_domain::RecordId;

use super::{Registry, seal::Sealed};
use crate::{
    error::RegistryError,
    keymanager::KeyManagerError,
    storage::{Place, intents, records, rows::RecordRow},
};

/// A JWE as its sender made it, with what it holds, in order.
#[derive(Debug, Clone)]
pub struct Item {
    pub jwe: String,
    /// Each record with the version that the seal makes.
    pub records: Vec<(RecordId, u32)>,
}

/// A call in the making: what is sent, and what was decided without sending.
pub(super) struct Batch {
    /// In order, all of the request.
    pub order: Vec<RecordId>,
    /// Refused here. A refused record may still be inside a JWE that is sent for others.
    pub refused: BTreeMap<RecordId, RegistryError>,
    pub items: Vec<Item>,
    /// With an intent.
    pub asked: BTreeSet<RecordId>,
}

impl Batch {
    /// The intents are left to withdraw. If even that cannot be written, the job finds them by their age.
    pub fn give_up(&self, registry: &Registry, place: &Place) -> impl Future<Output = ()> + Send + use<> {
        let (place, pairs, store) = (place.clone(), self.pairs(), registry.store.clone());
        async move {
            let written = store.write(move |db| intents::drop_asked(db, &place, &pairs));
            if let Err(error) = written.await {
                tracing::warn!(event = "seal.intent-left", %error, "intents of a failed call could not be marked");
            }
        }
    }

    fn pairs(&self) -> Vec<(String, i32)> {
        let all = self.items.iter().flat_map(|item| &item.records);
        all.filter(|(record, _)| self.asked.contains(record)).map(|(record, version)| pair(*record, *version)).collect()
    }

    pub fn into_outcomes(self, stored: Vec<(RecordId, Sealed)>) -> Result<Vec<(RecordId, Sealed)>, RegistryError> {
        let mut outcomes: BTreeMap<RecordId, Sealed> = stored.into_iter().collect();
        outcomes.extend(self.refused.into_iter().map(|(record, error)| (record, Sealed::Refused(error))));
        let missing = RegistryError::KeyManager(KeyManagerError::Malformed("an outcome is missing"));
        let ordered: Option<Vec<_>> =
            self.order.into_iter().map(|record| Some((record, outcomes.remove(&record)?))).collect();
        ordered.ok_or(missing)
    }
}

pub(super) fn pair(record: RecordId, version: u32) -> (String, i32) {
    // Versions were checked to fit.
    (record.to_string(), i32::try_from(version).unwrap_or(i32::MAX))
}

/// Looks what stands in the way of each record here, and notes what will be asked for.
pub(super) async fn prepare(registry: &Registry, place: &Place, items: Vec<Item>) -> Result<Batch, RegistryError> {
    let (place, instance, now) = (place.clone(), registry.instance.clone(), registry.clock.now());
    let prepared = registry.store.write(move |db| {
        let order: Vec<RecordId> = items.iter().flat_map(|item| &item.records).map(|(record, _)| *record).collect();
        let ids: Vec<String> = order.iter().map(RecordId::to_string).collect();
        let rows = records::current(db, &place, &ids)?;
        let all: Vec<_> =
            items.iter().flat_map(|item| &item.records).map(|(record, version)| pair(*record, *version)).collect();
        let under_way = intents::under_way(db, &place, &all)?;
        let mut batch = Batch { order, refused: BTreeMap::new(), items: Vec::new(), asked: BTreeSet::new() };
        for item in items {
            let mut open = Vec::new();
            for (record, version) in &item.records {
                match obstacle(rows.get(&record.to_string()), *version) {
                    Some(error) => drop(batch.refused.insert(*record, error)),
                    None => open.push((*record, *version)),
                }
            }
            if open.iter().any(|(record, version)| under_way.contains(&pair(*record, *version))) {
                // The JWE is one piece: it waits as a whole.
                batch.refused.extend(open.iter().map(|(record, _)| (*record, RegistryError::UnderWay)));
            } else if !open.is_empty() {
                batch.asked.extend(open.iter().map(|(record, _)| *record));
                batch.items.push(item);
            }
        }
        intents::ask(db, &place, &batch.pairs(), &instance, now)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: i32, erased: Option<i64>) -> RecordRow {
        RecordRow {
            register: 1,
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

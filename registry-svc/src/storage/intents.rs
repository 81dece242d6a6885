//! The outbox of settlement. A seal makes a new version current in the key manager before the registry has stored it;
//! whether it was stored is told at the next call. So that no crash loses that, the intent is written first.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use km_database::Db;
use km_domain::Timestamp;

use super::{Place, StoreError, schema::seal_intents};

/// How far a seal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A call is under way, or its answer was lost.
    Asked,
    /// Stored here; to be confirmed.
    Stored,
    /// Not stored here; to be withdrawn.
    Dropped,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Stored => "stored",
            Self::Dropped => "dropped",
        }
    }
}

/// One version of one record, for which a seal was asked.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = seal_intents, treat_none_as_default_value = false)]
pub struct IntentRow {
    pub tenant: String,
    pub register: String,
    pub record: String,
    pub version: i32,
    pub state: String,
    pub instance: String,
    pub created: i64,
}

/// What is to be told to the key manager about one tenant's seals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outstanding {
    pub stored: Vec<IntentRow>,
    pub dropped: Vec<IntentRow>,
}

impl Outstanding {
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty() && self.dropped.is_empty()
    }
}

/// Those among these seals that another call asked for and waits for.
pub fn under_way(db: &mut Db, place: &Place, seals: &[(String, i32)]) -> Result<BTreeSet<(String, i32)>, StoreError> {
    let states = states(db, place, seals)?;
    Ok(states.into_iter().filter(|(_, state)| state == State::Asked.name()).map(|(seal, _)| seal).collect())
}

/// Notes that these seals, none of them under way, will be asked for by this process (`instance`). What is `dropped` is
/// withdrawn before, so that an intent taken over here leaves nothing behind.
pub fn ask(
    db: &mut Db,
    place: &Place,
    seals: &[(String, i32)],
    instance: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let states = states(db, place, seals)?;
    let (taken_over, new): (Vec<_>, Vec<_>) = seals.iter().cloned().partition(|seal| states.contains_key(seal));
    for (version, records) in by_version(&taken_over) {
        diesel::update(of(place.columns(), version, &records))
            .set((
                seal_intents::state.eq(State::Asked.name()),
                seal_intents::instance.eq(instance),
                seal_intents::created.eq(now.micros()),
            ))
            .execute(db)?;
    }
    let row = |(record, version): (String, i32)| IntentRow {
        tenant: place.tenant.as_str().to_owned(),
        register: place.register.as_str().to_owned(),
        record,
        version,
        state: State::Asked.name().to_owned(),
        instance: instance.to_owned(),
        created: now.micros(),
    };
    let rows: Vec<IntentRow> = new.into_iter().map(row).collect();
    km_database::insert_all!(db, seal_intents::table, rows)?;
    Ok(())
}

/// Whether any of these records is being sealed at this moment.
pub fn any_under_way(db: &mut Db, place: &Place, records: &[String]) -> Result<bool, StoreError> {
    let asked: i64 = seal_intents::table
        .filter(seal_intents::tenant.eq(place.tenant.as_str()))
        .filter(seal_intents::register.eq(place.register.as_str()))
        .filter(seal_intents::record.eq_any(records))
        .filter(seal_intents::state.eq(State::Asked.name()))
        .count()
        .get_result(db)?;
    Ok(asked > 0)
}

/// Has a version withdrawn that the key manager may know and this registry does not: a seal whose answer was lost after it
/// was given up. What is on its way already stays as it is.
pub fn suspect(
    db: &mut Db,
    place: &Place,
    record: &str,
    version: i32,
    instance: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let seal = [(record.to_owned(), version)];
    if states(db, place, &seal)?.is_empty() {
        ask(db, place, &seal, instance, now)?;
        mark(db, place, &seal, State::Dropped)?;
    }
    Ok(())
}

/// The states of these intents; those that are not there are missing from the answer.
fn states(db: &mut Db, place: &Place, seals: &[(String, i32)]) -> Result<BTreeMap<(String, i32), String>, StoreError> {
    let mut states = BTreeMap::new();
    for (version, records) in by_version(seals) {
        let rows: Vec<(String, String)> =
            of(place.columns(), version, &records).select((seal_intents::record, seal_intents::state)).load(db)?;
        states.extend(rows.into_iter().map(|(record, state)| ((record, version), state)));
    }
    Ok(states)
}

/// Seals of one version, at most 500 together: what one statement can name.
fn by_version(seals: &[(String, i32)]) -> Vec<(i32, Vec<&str>)> {
    let mut versions = BTreeMap::<i32, Vec<&str>>::new();
    for (record, version) in seals {
        versions.entry(*version).or_default().push(record);
    }
    let chunks = |(version, records): (i32, Vec<_>)| {
        records.chunks(500).map(|some| (version, some.to_vec())).collect::<Vec<_>>()
    };
    versions.into_iter().flat_map(chunks).collect()
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of<'a>((tenant, register): (&'a str, &'a str), version: i32, records: &'a [&'a str]) -> _ {
    seal_intents::table
        .filter(seal_intents::tenant.eq(tenant))
        .filter(seal_intents::register.eq(register))
        .filter(seal_intents::version.eq(version))
        .filter(seal_intents::record.eq_any(records))
}

/// Forgets intents of seals that the key manager refused: it made nothing, so there is nothing to settle.
pub fn forget(db: &mut Db, place: &Place, seals: &[(String, i32)]) -> Result<(), StoreError> {
    for (version, records) in by_version(seals) {
        diesel::delete(of(place.columns(), version, &records)).execute(db)?;
    }
    Ok(())
}

/// Changes the state of these intents, as far as they are there.
pub fn mark(db: &mut Db, place: &Place, seals: &[(String, i32)], state: State) -> Result<(), StoreError> {
    for (version, records) in by_version(seals) {
        diesel::update(of(place.columns(), version, &records)).set(seal_intents::state.eq(state.name())).execute(db)?;
    }
    Ok(())
}

/// Has seals withdrawn whose answer did not come or was not stored. One that was stored all the same stays.
pub fn drop_asked(db: &mut Db, place: &Place, seals: &[(String, i32)]) -> Result<(), StoreError> {
    for (version, records) in by_version(seals) {
        let asked = of(place.columns(), version, &records).filter(seal_intents::state.eq(State::Asked.name()));
        diesel::update(asked).set(seal_intents::state.eq(State::Dropped.name())).execute(db)?;
    }
    Ok(())
}

/// What is to be settled of one tenant, oldest first: of stored seals those that were asked for before `stored_before`.
pub fn outstanding(db: &mut Db, tenant: &str, stored_before: Timestamp, limit: i64) -> Result<Outstanding, StoreError> {
    let mut of = |state: State, before: i64| -> Result<Vec<IntentRow>, StoreError> {
        Ok(seal_intents::table
            .filter(seal_intents::tenant.eq(tenant))
            .filter(seal_intents::state.eq(state.name()))
            .filter(seal_intents::created.le(before))
            .order(seal_intents::created.asc())
            .limit(limit)
            .select(IntentRow::as_select())
            .load(db)?)
    };
    Ok(Outstanding { stored: of(State::Stored, stored_before.micros())?, dropped: of(State::Dropped, i64::MAX)? })
}

/// Forgets what the key manager now knows. An intent that meanwhile changed its state stays.
pub fn settled(db: &mut Db, told: &Outstanding) -> Result<(), StoreError> {
    let mut groups = BTreeMap::<_, Vec<(String, i32)>>::new();
    for intent in told.stored.iter().chain(&told.dropped) {
        let group = groups.entry((&intent.tenant, &intent.register, &intent.state)).or_default();
        group.push((intent.record.clone(), intent.version));
    }
    for ((tenant, register, state), seals) in groups {
        for (version, records) in by_version(&seals) {
            let told = of((tenant, register), version, &records).filter(seal_intents::state.eq(state));
            diesel::delete(told).execute(db)?;
        }
    }
    Ok(())
}

/// Gives up seals whose answer will not come: all of this instance from before its start, and whatever was asked before
/// `before` by any. Answers how many.
pub fn give_up(db: &mut Db, instance: Option<&str>, before: Timestamp) -> Result<usize, StoreError> {
    let old = seal_intents::table
        .filter(seal_intents::state.eq(State::Asked.name()))
        .filter(seal_intents::created.lt(before.micros()));
    let dropped = seal_intents::state.eq(State::Dropped.name());
    Ok(match instance {
        Some(instance) => diesel::update(old.filter(seal_intents::instance.eq(instance))).set(dropped).execute(db)?,
        None => diesel::update(old).set(dropped).execute(db)?,
    })
}

//! Storing what the key manager sealed, all of it in the caller's transaction: together if nothing stands in the way of any
//! record, else each by itself.

use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as QueryError},
};
use km_database::Db;
use km_domain::Timestamp;

use super::{
    Place, StoreError,
    index_keys::IndexKeys,
    intents, registers,
    rows::{FieldRow, RecordRow, SealedField, Term, Uniqueness, VersionRow},
    schema::{index_terms, record_versions, records, sealed_fields},
    terms,
};

/// A sealed record as it came from the key manager.
#[derive(Debug, Clone)]
pub struct NewSeal {
    pub record: String,
    pub version: i32,
    pub schema_version: i32,
    pub clear: String,
    pub fields: Vec<SealedField>,
    pub terms: Vec<Term>,
}

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    Created {
        duplicates: Vec<String>,
    },
    Updated {
        duplicates: Vec<String>,
    },
    /// The record is not at the version that the seal builds on.
    Stale,
    Erased,
    /// Another record has the same value in this field, which must be unique.
    Taken {
        field: String,
    },
}

impl Stored {
    const fn state(&self) -> intents::State {
        match self {
            Self::Created { .. } | Self::Updated { .. } => intents::State::Stored,
            Self::Stale | Self::Erased | Self::Taken { .. } => intents::State::Dropped,
        }
    }
}

/// Stores seals and marks their intents, stored or dropped. Answers what became of each, in order. A record is in them once.
///
/// # Errors
/// The database fails; then the whole transaction must be given up.
pub fn store(db: &mut Db, place: &Place, seals: &[NewSeal], now: Timestamp) -> Result<Vec<Stored>, StoreError> {
    let one_by_one = |db: &mut Db| seals.iter().map(|seal| alone(db, place, seal, now)).collect::<Result<Vec<_>, _>>();
    let stored = if seals.len() < 2 {
        one_by_one(db)?
    } else {
        // Almost always nothing stands in the way of any, and few statements store them all.
        match attempt(db, |db| together(db, place, seals, now))? {
            Attempt::Stored(stored) => stored,
            Attempt::Refused(_) | Attempt::Raced => one_by_one(db)?,
        }
    };
    for state in [intents::State::Stored, intents::State::Dropped] {
        let of_state = seals.iter().zip(&stored).filter(|(_, stored)| stored.state() == state);
        let pairs: Vec<(String, i32)> = of_state.map(|(seal, _)| (seal.record.clone(), seal.version)).collect();
        intents::mark(db, place, &pairs, state)?;
    }
    Ok(stored)
}

/// One seal, in a savepoint of its own, so that its refusal takes nothing else with it.
fn alone(db: &mut Db, place: &Place, seal: &NewSeal, now: Timestamp) -> Result<Stored, StoreError> {
    Ok(match attempt(db, |db| together(db, place, std::slice::from_ref(seal), now))? {
        Attempt::Stored(stored) => stored.into_iter().next().unwrap_or(Stored::Stale),
        Attempt::Refused(refused) => refused,
        Attempt::Raced => {
            let keys = index_keys(db, place, std::slice::from_ref(seal))?;
            match terms::taken(db, &keys, &seal.record, &seal.terms, Uniqueness::Refuse)?.pop_first() {
                Some(field) => Stored::Taken { field },
                None => Stored::Stale,
            }
        }
    })
}

/// How an attempt to store some ended.
enum Attempt {
    Stored(Vec<Stored>),
    /// One of them is refused so; nothing was written.
    Refused(Stored),
    /// Another replica was faster between our look and our insert: the database's own index saw it. Nothing was written.
    Raced,
}

fn attempt(db: &mut Db, work: impl FnOnce(&mut Db) -> Result<Vec<Stored>, Undone>) -> Result<Attempt, StoreError> {
    match db.transaction(work) {
        Ok(stored) => Ok(Attempt::Stored(stored)),
        Err(Undone::Refused(refused)) => Ok(Attempt::Refused(refused)),
        Err(Undone::Failed(StoreError::Query(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))) => {
            Ok(Attempt::Raced)
        }
        Err(Undone::Failed(error)) => Err(error),
    }
}

/// Why a savepoint is rolled back.
enum Undone {
    Refused(Stored),
    Failed(StoreError),
}

impl From<QueryError> for Undone {
    fn from(error: QueryError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// All of these or, if one is refused, none.
fn together(db: &mut Db, place: &Place, seals: &[NewSeal], now: Timestamp) -> Result<Vec<Stored>, Undone> {
    // 1. Is each the next version of its record?
    let ids: Vec<String> = seals.iter().map(|seal| seal.record.clone()).collect();
    let current = super::records::current(db, place, &ids)?;
    for seal in seals {
        match current.get(&seal.record) {
            Some(row) if row.erased.is_some() => return Err(Undone::Refused(Stored::Erased)),
            row if row.map_or(0, |row| row.version) + 1 != seal.version => return Err(Undone::Refused(Stored::Stale)),
            _ => {}
        }
    }
    // 2. Has another record, here or among these, a value that must be unique?
    let keys = index_keys(db, place, seals)?;
    let mut stored = Vec::with_capacity(seals.len());
    let mut among_these = terms::Taken::default();
    let mut new_terms = Vec::new();
    for seal in seals {
        if seal.version > 1 {
            advance(db, place, seal, now)?;
            terms::remove(db, place, &seal.record)?;
        }
        let taken = |db: &mut Db, uniqueness| -> Result<_, StoreError> {
            let mut fields = terms::taken(db, &keys, &seal.record, &seal.terms, uniqueness)?;
            fields.extend(among_these.fields(&keys, &seal.terms, uniqueness)?);
            Ok(fields)
        };
        if let Some(field) = taken(db, Uniqueness::Refuse)?.pop_first() {
            return Err(Undone::Refused(Stored::Taken { field }));
        }
        let duplicates = taken(db, Uniqueness::Warn)?.into_iter().collect();
        stored.push(if seal.version == 1 { Stored::Created { duplicates } } else { Stored::Updated { duplicates } });
        let rows = terms::rows(&keys, &seal.record, &seal.terms)?;
        among_these.add(&rows);
        new_terms.extend(rows);
    }
    // 3. Rows refer to those before them.
    let created: Vec<_> =
        seals.iter().filter(|seal| seal.version == 1).map(|seal| new_record(keys.register, seal, now)).collect();
    let versions: Vec<_> = seals.iter().map(|seal| new_version(keys.register, seal, now)).collect();
    let fields: Vec<_> = seals.iter().flat_map(|seal| field_rows(keys.register, seal)).collect();
    km_database::insert_all!(db, records::table, created)?;
    km_database::insert_all!(db, record_versions::table, versions)?;
    km_database::insert_all!(db, sealed_fields::table, fields)?;
    km_database::insert_all!(db, index_terms::table, new_terms)?;
    Ok(stored)
}

/// The keys of everything that these bring.
fn index_keys(db: &mut Db, place: &Place, seals: &[NewSeal]) -> Result<IndexKeys, StoreError> {
    let register = registers::number_to_write(db, place)?;
    IndexKeys::to_write(db, register, seals.iter().flat_map(|seal| &seal.terms))
}

/// Moves the record from the version before to this one: compare and set, so two writers cannot both succeed.
fn advance(db: &mut Db, place: &Place, seal: &NewSeal, now: Timestamp) -> Result<(), Undone> {
    let row = records::table
        .filter(records::register.eq(registers::number(place)))
        .filter(records::record.eq(&seal.record))
        .filter(records::version.eq(seal.version - 1))
        .filter(records::erased.is_null());
    let advanced = diesel::update(row)
        .set((
            records::version.eq(seal.version),
            records::schema_version.eq(seal.schema_version),
            records::clear.eq(&seal.clear),
            records::updated.eq(now.micros()),
        ))
        .execute(db)?;
    if advanced == 0 { Err(Undone::Refused(Stored::Stale)) } else { Ok(()) }
}

fn new_record(register: i32, seal: &NewSeal, now: Timestamp) -> RecordRow {
    RecordRow {
        register,
        record: seal.record.clone(),
        version: seal.version,
        schema_version: seal.schema_version,
        clear: seal.clear.clone(),
        created: now.micros(),
        updated: now.micros(),
        erased: None,
        certificate: None,
    }
}

fn new_version(register: i32, seal: &NewSeal, now: Timestamp) -> VersionRow {
    VersionRow {
        register,
        record: seal.record.clone(),
        version: seal.version,
        schema_version: seal.schema_version,
        clear: seal.clear.clone(),
        sealed_at: now.micros(),
    }
}

fn field_rows(register: i32, seal: &NewSeal) -> Vec<FieldRow> {
    let row = |field: &SealedField| FieldRow {
        register,
        record: seal.record.clone(),
        version: seal.version,
        field: field.field.clone(),
        value: field.value.clone(),
    };
    seal.fields.iter().map(row).collect()
}

//! Storing what the key manager sealed: all of it in the caller's transaction, each record in a savepoint of its own, so
//! that one refused record takes nothing else with it.

use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as QueryError},
};
use km_database::Db;
use km_domain::Timestamp;

use super::{
    Place, StoreError, insert_all, intents,
    rows::{FieldRow, RecordRow, SealedField, Term, TermRow, Uniqueness, VersionRow},
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

/// Stores one seal and marks its intent, stored or dropped.
///
/// # Errors
/// The database fails; then the whole transaction must be given up.
pub fn store(db: &mut Db, place: &Place, seal: &NewSeal, now: Timestamp) -> Result<Stored, StoreError> {
    let attempt = db.transaction(|db| match try_store(db, place, seal, now) {
        Ok(stored @ (Stored::Created { .. } | Stored::Updated { .. })) => Ok(stored),
        Ok(refused) => Err(Undone::Refused(refused)),
        Err(error) => Err(Undone::Failed(error)),
    });
    let stored = match attempt {
        Ok(stored) => stored,
        Err(Undone::Refused(refused)) => refused,
        // Another replica was faster between our look and our insert; the database's own index saw it.
        Err(Undone::Failed(StoreError::Query(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))) => {
            match terms::taken(db, place, &seal.record, &seal.terms, Uniqueness::Refuse)?.into_iter().next() {
                Some(field) => Stored::Taken { field },
                None => Stored::Stale,
            }
        }
        Err(Undone::Failed(error)) => return Err(error),
    };
    let state = match stored {
        Stored::Created { .. } | Stored::Updated { .. } => intents::State::Stored,
        Stored::Stale | Stored::Erased | Stored::Taken { .. } => intents::State::Dropped,
    };
    intents::mark(db, place, &seal.record, seal.version, state)?;
    Ok(stored)
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

fn try_store(db: &mut Db, place: &Place, seal: &NewSeal, now: Timestamp) -> Result<Stored, StoreError> {
    let creates = seal.version == 1;
    if creates {
        if let Some(row) = find(db, place, &seal.record)? {
            return Ok(if row.erased.is_some() { Stored::Erased } else { Stored::Stale });
        }
        diesel::insert_into(records::table).values(new_record(place, seal, now)).execute(db)?;
    } else if advance(db, place, seal, now)? == 0 {
        let erased = find(db, place, &seal.record)?.is_some_and(|row| row.erased.is_some());
        return Ok(if erased { Stored::Erased } else { Stored::Stale });
    }
    if let Some(field) = terms::taken(db, place, &seal.record, &seal.terms, Uniqueness::Refuse)?.into_iter().next() {
        return Ok(Stored::Taken { field });
    }
    let duplicates = terms::taken(db, place, &seal.record, &seal.terms, Uniqueness::Warn)?;
    diesel::insert_into(record_versions::table).values(new_version(place, seal, now)).execute(db)?;
    insert_all!(db, sealed_fields::table, field_rows(place, seal));
    if !creates {
        terms::remove(db, place, &seal.record)?;
    }
    insert_all!(db, index_terms::table, term_rows(place, &seal.record, &seal.terms));
    Ok(if creates { Stored::Created { duplicates } } else { Stored::Updated { duplicates } })
}

fn find(db: &mut Db, place: &Place, record: &str) -> Result<Option<RecordRow>, StoreError> {
    Ok(super::records::current(db, place, &[record.to_owned()])?.remove(record))
}

/// Moves the record from the version before to this one: compare and set, so two writers cannot both succeed.
fn advance(db: &mut Db, place: &Place, seal: &NewSeal, now: Timestamp) -> Result<usize, StoreError> {
    let row = records::table
        .filter(records::tenant.eq(place.tenant.as_str()))
        .filter(records::register.eq(place.register.as_str()))
        .filter(records::record.eq(&seal.record))
        .filter(records::version.eq(seal.version - 1))
        .filter(records::erased.is_null());
    Ok(diesel::update(row)
        .set((
            records::version.eq(seal.version),
            records::schema_version.eq(seal.schema_version),
            records::clear.eq(&seal.clear),
            records::updated.eq(now.micros()),
        ))
        .execute(db)?)
}

fn new_record(place: &Place, seal: &NewSeal, now: Timestamp) -> RecordRow {
    RecordRow {
        tenant: place.tenant.as_str().to_owned(),
        register: place.register.as_str().to_owned(),
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

fn new_version(place: &Place, seal: &NewSeal, now: Timestamp) -> VersionRow {
    VersionRow {
        tenant: place.tenant.as_str().to_owned(),
        register: place.register.as_str().to_owned(),
        record: seal.record.clone(),
        version: seal.version,
        schema_version: seal.schema_version,
        clear: seal.clear.clone(),
        sealed_at: now.micros(),
    }
}

fn field_rows(place: &Place, seal: &NewSeal) -> Vec<FieldRow> {
    let row = |field: &SealedField| FieldRow {
        tenant: place.tenant.as_str().to_owned(),
        register: place.register.as_str().to_owned(),
        record: seal.record.clone(),
        version: seal.version,
        field: field.field.clone(),
        value: field.value.clone(),
    };
    seal.fields.iter().map(row).collect()
}

/// One row a distinct term: a list may hold a value twice. Terms under older versions of an index key are for comparison only,
/// while its rotation goes on: what is stored is under the newest.
pub(super) fn term_rows(place: &Place, record: &str, terms: &[Term]) -> Vec<TermRow> {
    let is_newest = |term: &&Term| {
        let is_newer = |other: &Term| {
            (&other.field, &other.kind) == (&term.field, &term.kind) && other.key_version > term.key_version
        };
        !terms.iter().any(is_newer)
    };
    let mut distinct = Vec::<&Term>::new();
    for term in terms.iter().filter(is_newest) {
        let same = |other: &&Term| {
            (&other.field, &other.kind, other.key_version, &other.term)
                == (&term.field, &term.kind, term.key_version, &term.term)
        };
        if !distinct.iter().any(same) {
            distinct.push(term);
        }
    }
    let row = |term: &Term| TermRow {
        tenant: place.tenant.as_str().to_owned(),
        register: place.register.as_str().to_owned(),
        field: term.field.clone(),
        kind: term.kind.clone(),
        key_version: term.key_version,
        term: term.term.clone(),
        record: record.to_owned(),
        uniqueness: term.uniqueness.name().to_owned(),
    };
    distinct.into_iter().map(row).collect()
}

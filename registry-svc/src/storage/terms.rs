//! Index terms: looked up, kept unique, replaced when the index key is rotated.

use std::collections::{BTreeSet, HashSet};

use diesel::prelude::*;
use km_database::Db;

use super::{
    Place, StoreError,
    index_keys::IndexKeys,
    registers,
    rows::{Term, TermRow, Uniqueness},
    schema::{index_keys, index_terms, records},
};

/// Records that have any of these terms in one field and kind, oldest id first, at most `limit`.
pub fn lookup(db: &mut Db, place: &Place, terms: &[Term], limit: i64) -> Result<Vec<(String, i32)>, StoreError> {
    let mut found = BTreeSet::new();
    for term in terms {
        let record = records::register.eq(index_terms::register).and(records::record.eq(index_terms::record));
        let rows: Vec<(String, i32)> = index_terms::table
            .inner_join(index_keys::table)
            .inner_join(records::table.on(record))
            .filter(index_keys::register.eq(registers::number(place)))
            .filter(index_keys::field.eq(&term.field))
            .filter(index_keys::kind.eq(&term.kind))
            .filter(index_keys::version.eq(term.key_version))
            .filter(index_terms::term.eq(&term.term))
            .order(index_terms::record.asc())
            .limit(limit)
            .select((records::record, records::version))
            .load(db)?;
        found.extend(rows);
    }
    Ok(found.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

/// The fields, among terms of this uniqueness, that another record has the same value in.
pub(super) fn taken(
    db: &mut Db,
    keys: &IndexKeys,
    record: &str,
    terms: &[Term],
    uniqueness: Uniqueness,
) -> Result<BTreeSet<String>, StoreError> {
    let mut fields = BTreeSet::new();
    for term in terms.iter().filter(|term| term.uniqueness == uniqueness) {
        let others = index_terms::table
            .filter(index_terms::index_key.eq(keys.number(term)?))
            .filter(index_terms::term.eq(&term.term))
            .filter(index_terms::record.ne(record));
        if diesel::select(diesel::dsl::exists(others)).get_result(db)? {
            fields.insert(term.field.clone());
        }
    }
    Ok(fields)
}

/// Terms that are about to be stored, where another of the same call may have the same value.
#[derive(Default)]
pub(super) struct Taken(HashSet<(i32, Vec<u8>)>);

impl Taken {
    pub fn add(&mut self, rows: &[TermRow]) {
        let of_index = |row: &TermRow| (row.index_key, row.term.clone());
        self.0.extend(rows.iter().filter(|row| row.uniqueness != Uniqueness::No.name()).map(of_index));
    }

    /// The fields, among terms of this uniqueness, that are taken.
    pub fn fields(
        &self,
        keys: &IndexKeys,
        terms: &[Term],
        uniqueness: Uniqueness,
    ) -> Result<BTreeSet<String>, StoreError> {
        let mut fields = BTreeSet::new();
        for term in terms.iter().filter(|term| term.uniqueness == uniqueness) {
            if self.0.contains(&(keys.number(term)?, term.term.clone())) {
                fields.insert(term.field.clone());
            }
        }
        Ok(fields)
    }
}

/// One row a distinct term: a list may hold a value twice. Terms under older versions of an index key are for comparison only,
/// while its rotation goes on: what is stored is under the newest.
pub(super) fn rows(keys: &IndexKeys, record: &str, terms: &[Term]) -> Result<Vec<TermRow>, StoreError> {
    let is_newest = |term: &&Term| {
        let is_newer = |other: &Term| {
            (&other.field, &other.kind) == (&term.field, &term.kind) && other.key_version > term.key_version
        };
        !terms.iter().any(is_newer)
    };
    let mut rows = Vec::<TermRow>::new();
    for term in terms.iter().filter(is_newest) {
        let index_key = keys.number(term)?;
        if !rows.iter().any(|row| row.index_key == index_key && row.term == term.term) {
            rows.push(TermRow {
                index_key,
                term: term.term.clone(),
                register: keys.register,
                record: record.to_owned(),
                uniqueness: term.uniqueness.name().to_owned(),
            });
        }
    }
    Ok(rows)
}

pub(super) fn remove(db: &mut Db, place: &Place, record: &str) -> Result<(), StoreError> {
    let rows = index_terms::table
        .filter(index_terms::register.eq(registers::number(place)))
        .filter(index_terms::record.eq(record));
    diesel::delete(rows).execute(db)?;
    Ok(())
}

/// Adds recomputed terms beside the old ones, if the record is still at the version that they were computed from. Terms
/// that are there already stay.
///
/// Answers whether the record was at that version.
pub fn add(db: &mut Db, place: &Place, record: &str, version: i32, terms: &[Term]) -> Result<bool, StoreError> {
    let row = super::records::current(db, place, &[record.to_owned()])?.remove(record);
    let Some(row) = row.filter(|row| row.version == version && row.erased.is_none()) else { return Ok(false) };
    let keys = IndexKeys::to_write(db, row.register, terms.iter())?;
    // Keys are rotated one by one: what is the newest version of one field is an old one of another.
    let numbers = terms.iter().map(|term| keys.number(term)).collect::<Result<BTreeSet<_>, _>>()?;
    for number in numbers {
        let there = index_terms::table
            .filter(index_terms::register.eq(row.register))
            .filter(index_terms::record.eq(record))
            .filter(index_terms::index_key.eq(number));
        diesel::delete(there).execute(db)?;
    }
    let rows = rows(&keys, record, terms)?;
    km_database::insert_all!(db, index_terms::table, rows)?;
    Ok(true)
}

/// How many terms are left under each version of the index key of a field.
pub fn count_by_version(db: &mut Db, place: &Place) -> Result<Vec<(String, String, i32, i64)>, StoreError> {
    let key = (index_keys::field, index_keys::kind, index_keys::version);
    Ok(index_terms::table
        .inner_join(index_keys::table)
        .filter(index_keys::register.eq(registers::number(place)))
        .group_by(key)
        .select((index_keys::field, index_keys::kind, index_keys::version, diesel::dsl::count_star()))
        .load(db)?)
}

/// Removes the terms of one field and kind under index key versions below this one.
pub fn remove_below(db: &mut Db, place: &Place, field: &str, kind: &str, version: i32) -> Result<usize, StoreError> {
    let older: Vec<i32> = index_keys::table
        .filter(index_keys::register.eq(registers::number(place)))
        .filter(index_keys::field.eq(field))
        .filter(index_keys::kind.eq(kind))
        .filter(index_keys::version.lt(version))
        .select(index_keys::id)
        .load(db)?;
    let rows = index_terms::table.filter(index_terms::index_key.eq_any(older));
    Ok(diesel::delete(rows).execute(db)?)
}

//! Index terms: looked up, kept unique, replaced when the index key is rotated.

use std::collections::{BTreeSet, HashSet};

use diesel::prelude::*;
use km_database::Db;

use super::{
    Place, StoreError,
    rows::{Term, TermRow, Uniqueness},
    schema::{index_terms, records},
    seals::term_rows,
};

/// Records that have any of these terms in one field and kind, oldest id first, at most `limit`.
pub fn lookup(db: &mut Db, place: &Place, terms: &[Term], limit: i64) -> Result<Vec<(String, i32)>, StoreError> {
    let mut found = BTreeSet::new();
    for term in terms {
        let rows: Vec<(String, i32)> = index_terms::table
            .inner_join(
                records::table.on(records::tenant
                    .eq(index_terms::tenant)
                    .and(records::register.eq(index_terms::register))
                    .and(records::record.eq(index_terms::record))),
            )
            .filter(index_terms::tenant.eq(place.tenant.as_str()))
            .filter(index_terms::register.eq(place.register.as_str()))
            .filter(index_terms::field.eq(&term.field))
            .filter(index_terms::kind.eq(&term.kind))
            .filter(index_terms::key_version.eq(term.key_version))
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
    place: &Place,
    record: &str,
    terms: &[Term],
    uniqueness: Uniqueness,
) -> Result<BTreeSet<String>, StoreError> {
    let mut fields = BTreeSet::new();
    for term in terms.iter().filter(|term| term.uniqueness == uniqueness) {
        let others = index_terms::table
            .filter(index_terms::tenant.eq(place.tenant.as_str()))
            .filter(index_terms::register.eq(place.register.as_str()))
            .filter(index_terms::field.eq(&term.field))
            .filter(index_terms::kind.eq(&term.kind))
            .filter(index_terms::key_version.eq(term.key_version))
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
pub(super) struct Taken(HashSet<(String, String, i32, Vec<u8>)>);

impl Taken {
    pub fn add(&mut self, rows: &[TermRow]) {
        let of_index = |row: &TermRow| (row.field.clone(), row.kind.clone(), row.key_version, row.term.clone());
        self.0.extend(rows.iter().filter(|row| row.uniqueness != Uniqueness::No.name()).map(of_index));
    }

    /// The fields, among terms of this uniqueness, that are taken.
    pub fn fields(&self, terms: &[Term], uniqueness: Uniqueness) -> BTreeSet<String> {
        let is_taken = |term: &&Term| {
            let of_index = (term.field.clone(), term.kind.clone(), term.key_version, term.term.clone());
            term.uniqueness == uniqueness && self.0.contains(&of_index)
        };
        terms.iter().filter(is_taken).map(|term| term.field.clone()).collect()
    }
}

pub(super) fn remove(db: &mut Db, place: &Place, record: &str) -> Result<(), StoreError> {
    let rows = index_terms::table
        .filter(index_terms::tenant.eq(place.tenant.as_str()))
        .filter(index_terms::register.eq(place.register.as_str()))
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
    if !row.is_some_and(|row| row.version == version && row.erased.is_none()) {
        return Ok(false);
    }
    // Keys are rotated one by one: what is the newest version of one field is an old one of another.
    let indexes = terms.iter().map(|term| (&term.field, &term.kind, term.key_version)).collect::<BTreeSet<_>>();
    for (field, kind, version) in indexes {
        let there = index_terms::table
            .filter(index_terms::tenant.eq(place.tenant.as_str()))
            .filter(index_terms::register.eq(place.register.as_str()))
            .filter(index_terms::record.eq(record))
            .filter(index_terms::field.eq(field))
            .filter(index_terms::kind.eq(kind))
            .filter(index_terms::key_version.eq(version));
        diesel::delete(there).execute(db)?;
    }
    let rows = term_rows(place, record, terms);
    km_database::insert_all!(db, index_terms::table, rows)?;
    Ok(true)
}

/// How many terms are left under each version of the index key of a field.
pub fn count_by_version(db: &mut Db, place: &Place) -> Result<Vec<(String, String, i32, i64)>, StoreError> {
    Ok(index_terms::table
        .filter(index_terms::tenant.eq(place.tenant.as_str()))
        .filter(index_terms::register.eq(place.register.as_str()))
        .group_by((index_terms::field, index_terms::kind, index_terms::key_version))
        .select((index_terms::field, index_terms::kind, index_terms::key_version, diesel::dsl::count_star()))
        .load(db)?)
}

/// Removes the terms of one field and kind under index key versions below this one.
pub fn remove_below(db: &mut Db, place: &Place, field: &str, kind: &str, version: i32) -> Result<usize, StoreError> {
    let rows = index_terms::table
        .filter(index_terms::tenant.eq(place.tenant.as_str()))
        .filter(index_terms::register.eq(place.register.as_str()))
        .filter(index_terms::field.eq(field))
        .filter(index_terms::kind.eq(kind))
        .filter(index_terms::key_version.lt(version));
    Ok(diesel::delete(rows).execute(db)?)
}

//! Records as they stand: which there are, and what is sealed of them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use km_database::Db;

use super::{
    Place, StoreError, registers,
    rows::{RecordRow, SealedField, SealedVersion},
    schema::{record_versions, records, sealed_fields},
};

/// The rows of these records; those that are not there are missing from the answer.
pub fn current(db: &mut Db, place: &Place, ids: &[String]) -> Result<BTreeMap<String, RecordRow>, StoreError> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(500) {
        let rows: Vec<RecordRow> = records::table
            .filter(records::register.eq(registers::number(place)))
            .filter(records::record.eq_any(some))
            .select(RecordRow::as_select())
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.record.clone(), row)));
    }
    Ok(found)
}

/// The current version of these records with every sealed field. Erased records have none and are left out.
pub fn sealed(db: &mut Db, place: &Place, ids: &[String]) -> Result<Vec<SealedVersion>, StoreError> {
    let mut fields = BTreeMap::<(String, i32), Vec<SealedField>>::new();
    let rows = current(db, place, ids)?;
    for some in ids.chunks(500) {
        let values: Vec<(String, i32, String, Vec<u8>)> = sealed_fields::table
            .filter(sealed_fields::register.eq(registers::number(place)))
            .filter(sealed_fields::record.eq_any(some))
            .filter(sealed_fields::version.eq_any(versions(&rows, some)))
            .select((sealed_fields::record, sealed_fields::version, sealed_fields::field, sealed_fields::value))
            .load(db)?;
        for (record, version, field, value) in values {
            fields.entry((record, version)).or_default().push(SealedField { field, value });
        }
    }
    let asked = ids.iter().filter_map(|id| rows.get(id)).filter(|row| row.erased.is_none());
    Ok(asked
        .map(|row| SealedVersion {
            record: row.record.clone(),
            version: row.version,
            schema_version: row.schema_version,
            clear: row.clear.clone(),
            fields: fields.remove(&(row.record.clone(), row.version)).unwrap_or_default(),
        })
        .collect())
}

/// The versions of a record before this one, newest first, with every sealed field.
pub fn earlier(db: &mut Db, place: &Place, than: &SealedVersion) -> Result<Vec<SealedVersion>, StoreError> {
    let heads: Vec<(i32, i32, String)> = record_versions::table
        .filter(record_versions::register.eq(registers::number(place)))
        .filter(record_versions::record.eq(&than.record))
        .filter(record_versions::version.lt(than.version))
        .order(record_versions::version.desc())
        .select((record_versions::version, record_versions::schema_version, record_versions::clear))
        .load(db)?;
    let mut fields = BTreeMap::<i32, Vec<SealedField>>::new();
    let values: Vec<(i32, String, Vec<u8>)> = sealed_fields::table
        .filter(sealed_fields::register.eq(registers::number(place)))
        .filter(sealed_fields::record.eq(&than.record))
        .filter(sealed_fields::version.lt(than.version))
        .select((sealed_fields::version, sealed_fields::field, sealed_fields::value))
        .load(db)?;
    for (version, field, value) in values {
        fields.entry(version).or_default().push(SealedField { field, value });
    }
    let versions = heads.into_iter().map(|(version, schema_version, clear)| SealedVersion {
        record: than.record.clone(),
        version,
        schema_version,
        clear,
        fields: fields.remove(&version).unwrap_or_default(),
    });
    Ok(versions.collect())
}

/// The versions that occur as current ones, so that few old versions are read only to be thrown away.
fn versions(rows: &BTreeMap<String, RecordRow>, ids: &[String]) -> Vec<i32> {
    let mut versions: Vec<i32> = ids.iter().filter_map(|id| rows.get(id)).map(|row| row.version).collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

/// The ids of a register's living records after `after`, in order. For jobs that walk a whole register.
pub fn ids_after(db: &mut Db, place: &Place, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    Ok(records::table
        .filter(records::register.eq(registers::number(place)))
        .filter(records::record.gt(after))
        .filter(records::erased.is_null())
        .order(records::record.asc())
        .limit(limit)
        .select(records::record)
        .load(db)?)
}

/// How many living records each register of a tenant has.
pub fn count(db: &mut Db, place: &Place) -> Result<i64, StoreError> {
    Ok(records::table
        .filter(records::register.eq(registers::number(place)))
        .filter(records::erased.is_null())
        .count()
        .get_result(db)?)
}

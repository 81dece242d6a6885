//! What is left of an erased record: a tombstone with its certificate.

use diesel::prelude::*;
use km_database::Db;
use km_domain::Timestamp;

use super::{
    Place, StoreError, registers,
    schema::{record_versions, records, sealed_fields},
    terms,
};

/// Removes every sealed field of every version, all index terms and clear attributes, and leaves the tombstone. Without a
/// certificate, what is known is that the key manager has erased the record; one that is here already stays.
pub fn erase(
    db: &mut Db,
    place: &Place,
    record: &str,
    certificate: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    terms::remove(db, place, record)?;
    let fields = sealed_fields::table
        .filter(sealed_fields::register.eq(registers::number(place)))
        .filter(sealed_fields::record.eq(record));
    diesel::delete(fields).execute(db)?;
    let versions = record_versions::table
        .filter(record_versions::register.eq(registers::number(place)))
        .filter(record_versions::record.eq(record));
    diesel::delete(versions).execute(db)?;
    let row = records::table.find((registers::number(place), record));
    let gone = (records::clear.eq("{}"), records::updated.eq(now.micros()), records::erased.eq(Some(now.micros())));
    match certificate {
        Some(_) => diesel::update(row).set((gone, records::certificate.eq(certificate))).execute(db)?,
        None => diesel::update(row.filter(records::erased.is_null())).set(gone).execute(db)?,
    };
    Ok(())
}

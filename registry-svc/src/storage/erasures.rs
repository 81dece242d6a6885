//! What is left of an erased record: a tombstone with its certificate.

use diesel::prelude::*;
use km_database::Db;
use km_domain::Timestamp;

use super::{
    Place, StoreError,
    schema::{record_versions, records, sealed_fields},
    terms,
};

/// Removes every sealed field of every version, all index terms and clear attributes, and leaves the tombstone.
pub fn erase(db: &mut Db, place: &Place, record: &str, certificate: &str, now: Timestamp) -> Result<(), StoreError> {
    terms::remove(db, place, record)?;
    let fields = sealed_fields::table
        .filter(sealed_fields::tenant.eq(place.tenant.as_str()))
        .filter(sealed_fields::register.eq(place.register.as_str()))
        .filter(sealed_fields::record.eq(record));
    diesel::delete(fields).execute(db)?;
    let versions = record_versions::table
        .filter(record_versions::tenant.eq(place.tenant.as_str()))
        .filter(record_versions::register.eq(place.register.as_str()))
        .filter(record_versions::record.eq(record));
    diesel::delete(versions).execute(db)?;
    let row = records::table.find((place.tenant.as_str(), place.register.as_str(), record));
    diesel::update(row)
        .set((
            records::clear.eq("{}"),
            records::updated.eq(now.micros()),
            records::erased.eq(Some(now.micros())),
            records::certificate.eq(Some(certificate)),
        ))
        .execute(db)?;
    Ok(())
}

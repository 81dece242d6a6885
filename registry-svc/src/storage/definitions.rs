//! Which register definitions this registry has served, so that a change is noticed and becomes an event.

use diesel::prelude::*;
use km_database::Db;
use km_domain::Timestamp;

use super::{Place, StoreError, schema::definitions};

/// What a definition file is, compared with what was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Before,
    New,
    /// The same schema version with another content: what is sealed under it would no longer mean the same.
    Altered,
}

/// Compares, without noting anything.
pub fn compare(db: &mut Db, place: &Place, schema_version: i32, digest: &str) -> Result<Seen, StoreError> {
    let before: Option<String> = definitions::table
        .find((place.tenant.as_str(), place.register.as_str(), schema_version))
        .select(definitions::digest)
        .first(db)
        .optional()?;
    Ok(match before {
        Some(before) if before == digest => Seen::Before,
        Some(_) => Seen::Altered,
        None => Seen::New,
    })
}

/// Notes a definition, once its event is in the log.
pub fn note(db: &mut Db, place: &Place, schema_version: i32, digest: &str, now: Timestamp) -> Result<(), StoreError> {
    let row = definitions::table.find((place.tenant.as_str(), place.register.as_str(), schema_version));
    let changed = diesel::update(row).set(definitions::digest.eq(digest)).execute(db)?;
    if changed == 0 {
        diesel::insert_into(definitions::table)
            .values((
                definitions::tenant.eq(place.tenant.as_str()),
                definitions::register.eq(place.register.as_str()),
                definitions::schema_version.eq(schema_version),
                definitions::digest.eq(digest),
                definitions::first_seen.eq(now.micros()),
            ))
            .execute(db)?;
    }
    Ok(())
}

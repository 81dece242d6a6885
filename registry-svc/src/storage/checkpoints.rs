//! Checkpoints of the key manager's log that this registry has checked, as its witness.

use diesel::prelude::*;
use km_database::Db;
use km_domain::Timestamp;

use super::{StoreError, schema::checkpoints};

/// How many are kept: enough to look back over a quarrel, few enough to stay small.
const KEPT: i64 = 1000;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = checkpoints)]
pub struct CheckpointRow {
    pub origin: String,
    pub size: i64,
    pub note: String,
    pub seen: i64,
    pub cosigned: Option<i64>,
}

/// The largest checkpoint ever kept.
pub fn newest(db: &mut Db) -> Result<Option<CheckpointRow>, StoreError> {
    Ok(checkpoints::table.order(checkpoints::size.desc()).select(CheckpointRow::as_select()).first(db).optional()?)
}

/// Keeps a checked checkpoint, once; drops the smallest beyond what is kept.
pub fn keep(db: &mut Db, row: &CheckpointRow) -> Result<(), StoreError> {
    let there: i64 = checkpoints::table.find((&row.origin, row.size)).count().get_result(db)?;
    if there == 0 {
        diesel::insert_into(checkpoints::table).values(row).execute(db)?;
    }
    let oldest: Option<i64> = checkpoints::table
        .order(checkpoints::size.desc())
        .offset(KEPT)
        .select(checkpoints::size)
        .first(db)
        .optional()?;
    if let Some(oldest) = oldest {
        diesel::delete(checkpoints::table.filter(checkpoints::size.le(oldest))).execute(db)?;
    }
    Ok(())
}

/// Notes that the log has our cosignature, and keeps the note with it.
pub fn cosigned(db: &mut Db, origin: &str, size: i64, note: &str, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(checkpoints::table.find((origin, size)))
        .set((checkpoints::note.eq(note), checkpoints::cosigned.eq(Some(now.micros()))))
        .execute(db)?;
    Ok(())
}

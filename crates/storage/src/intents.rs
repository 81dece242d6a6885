//! Intents without an outcome: kept by the commit thread in the transaction that appends either.

use diesel::prelude::*;
use km_audit::LoggedEvent;
use km_database::Db;
use km_domain::Timestamp;

use crate::{
    Storage, StorageError,
    log::signed,
    schema::{event, open_intent},
};

/// Notes an intent, or forgets the one that an outcome closes.
pub(crate) fn follow(db: &mut Db, logged: &LoggedEvent, instance: &str) -> Result<(), StorageError> {
    if logged.event.kind.closed_by().is_some() {
        let row = (
            open_intent::log_index.eq(signed(logged.index)?),
            open_intent::instance.eq(instance),
            open_intent::log_time.eq(logged.log_time.micros()),
        );
        diesel::insert_into(open_intent::table).values(row).execute(db)?;
    }
    if let Some(intent) = logged.event.intent {
        diesel::delete(open_intent::table.find(signed(intent)?)).execute(db)?;
    }
    Ok(())
}

impl Storage {
    /// The open intents of this instance, and those of any that are older than `before`: oldest first, at most `limit`.
    pub fn open_intents(
        &self,
        instance: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StorageError> {
        let leaves: Vec<Vec<u8>> = open_intent::table
            .inner_join(event::table)
            .filter(open_intent::instance.eq(instance).or(open_intent::log_time.lt(before.micros())))
            .order(open_intent::log_index)
            .limit(i64::from(limit))
            .select(event::leaf)
            .load(&mut *self.connection()?)?;
        leaves.iter().map(|leaf| LoggedEvent::from_leaf(leaf).map_err(|_| StorageError::Damaged("event"))).collect()
    }
}

//! Turns of background jobs: a lease per job, so that of several replicas one does the work.

use std::time::Duration;

use diesel::prelude::*;
use km_domain::Timestamp;

use crate::{
    Storage, StorageError, Write,
    schema::job,
    write::{changed, unique},
};

/// A job's turn, as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Lease {
    pub name: String,
    pub holder: String,
    pub lease_ends: i64,
    /// Where the job stands; empty before its first step.
    pub position: String,
}

impl Storage {
    pub fn lease(&self, name: &str) -> Result<Option<Lease>, StorageError> {
        Ok(job::table.find(name).get_result::<Lease>(&mut *self.connection()?).optional()?)
    }
}

impl Write {
    /// Takes or extends the turn, unless another holds it; sets the position.
    pub fn take_turn(name: &'static str, holder: &str, now: Timestamp, lasts: Duration, position: &str) -> Self {
        let (holder, ends, position) = (holder.to_owned(), now.plus(lasts).micros(), position.to_owned());
        Self::new(move |db, _| {
            let there: i64 = job::table.filter(job::name.eq(name)).count().get_result(db)?;
            if there == 0 {
                let row =
                    (job::name.eq(name), job::holder.eq(holder), job::lease_ends.eq(ends), job::position.eq(position));
                return unique(diesel::insert_into(job::table).values(row).execute(db), "turn-taken");
            }
            let free = job::table
                .filter(job::name.eq(name))
                .filter(job::holder.eq(holder.clone()).or(job::lease_ends.lt(now.micros())));
            let set = (job::holder.eq(holder), job::lease_ends.eq(ends), job::position.eq(position));
            changed(diesel::update(free).set(set).execute(db), "turn-taken")
        })
    }
}

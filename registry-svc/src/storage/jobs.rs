//! How far a job has come, so that a restart goes on there.

use diesel::prelude::*;
use km_database::Db;
use km_domain::Timestamp;

use super::{StoreError, schema::job_positions};

pub fn position(db: &mut Db, job: &str) -> Result<Option<String>, StoreError> {
    Ok(job_positions::table.find(job).select(job_positions::position).first(db).optional()?)
}

pub fn set_position(db: &mut Db, job: &str, position: &str, now: Timestamp) -> Result<(), StoreError> {
    let changed = diesel::update(job_positions::table.find(job))
        .set((job_positions::position.eq(position), job_positions::updated.eq(now.micros())))
        .execute(db)?;
    if changed == 0 {
        diesel::insert_into(job_positions::table)
            .values((
                job_positions::job.eq(job),
                job_positions::position.eq(position),
                job_positions::updated.eq(now.micros()),
            ))
            .execute(db)?;
    }
    Ok(())
}

pub fn forget(db: &mut Db, job: &str) -> Result<(), StoreError> {
    diesel::delete(job_positions::table.find(job)).execute(db)?;
    Ok(())
}

/// Leaves a notice for the running service, or the next one to run: an event of this kind is to be put into the log.
pub fn leave_notice(db: &mut Db, kind: &str, now: Timestamp) -> Result<(), StoreError> {
    set_position(db, &format!("{NOTICE}{kind}/{}", now.micros()), kind, now)
}

/// Notices, each with its name and the kind of event.
pub fn notices(db: &mut Db) -> Result<Vec<(String, String)>, StoreError> {
    Ok(job_positions::table
        .filter(job_positions::job.like(format!("{NOTICE}%")))
        .order(job_positions::updated.asc())
        .select((job_positions::job, job_positions::position))
        .load(db)?)
}

/// Makes a moment durable, and so shows whether the database can be written: reading alone would not show a full disk.
pub fn beat(db: &mut Db, now: Timestamp) -> Result<(), StoreError> {
    set_position(db, "beat", "", now)
}

const NOTICE: &str = "notice/";

//! The registry's database: ciphertext, index terms, clear attributes, and what is still to be settled with the key
//! manager. Every function here takes a connection and is synchronous; [`Store`] runs it on the right lane.

pub mod checkpoints;
pub mod definitions;
pub mod erasures;
pub mod idempotency;
mod index_keys;
pub mod intents;
pub mod jobs;
pub mod pages;
pub mod records;
mod registers;
pub mod rows;
mod schema;
pub mod seals;
pub mod terms;

use std::{sync::Arc, time::Duration};

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use km_database::{Database, DatabaseError, Db, Migrations};
use km_domain::{RegisterName, TenantId};
use km_service::{Lane, LaneError, patience};

/// The schema of this program.
pub const MIGRATIONS: Migrations =
    Migrations { sqlite: SQLITE, postgres: POSTGRES, program: env!("CARGO_PKG_VERSION") };

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// A register of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub tenant: TenantId,
    pub register: RegisterName,
}

impl Place {
    fn columns(&self) -> (&str, &str) {
        (self.tenant.as_str(), self.register.as_str())
    }
}

/// Why the database gave no result.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Lane(#[from] LaneError),
    /// A row holds what this program never writes.
    #[error("a row of table {0} is damaged")]
    Damaged(&'static str),
}

impl StoreError {
    /// Where the database itself is the fault, how it stands: the end of a sentence that begins with it.
    pub fn outage(&self) -> Option<&'static str> {
        match self {
            Self::Query(error) => km_database::outage(error),
            Self::Database(error) => Some(error.outage()),
            Self::Lane(LaneError::Full | LaneError::Deadline) => Some("is too slow"),
            Self::Lane(LaneError::Closed | LaneError::Failed) | Self::Damaged(_) => None,
        }
    }
}

/// The database behind two lanes: readers side by side, writers one after the other. Clones share it.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
    reads: Lane,
    writes: Lane,
    deadline: Duration,
}

impl Store {
    /// # Errors
    /// The lanes' threads cannot be started.
    pub fn new(database: Arc<Database>, readers: u32, deadline: Duration) -> std::io::Result<Self> {
        let readers = usize::try_from(readers.max(1)).unwrap_or(1);
        let (reads, writes) = (Lane::new("read", readers, readers * 16)?, Lane::new("write", 1, 256)?);
        Ok(Self { database, reads, writes, deadline })
    }

    /// Reads.
    ///
    /// # Errors
    /// What the reading meets, or no room or time for it.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T, StoreError> + Send + 'static,
    {
        let database = Arc::clone(&self.database);
        self.reads.run(patience::left(self.deadline), move || work(&mut *database.reader()?)).await?
    }

    /// Writes, in one transaction. If its caller has been told meanwhile that it was too slow, nothing is written.
    ///
    /// # Errors
    /// As [`Store::read`]; then nothing was written.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T, StoreError> + Send + 'static,
    {
        let database = Arc::clone(&self.database);
        self.writes
            .run_to(patience::left(self.deadline), move |answer| {
                let written = database.writer().map_err(StoreError::from).and_then(|mut writer| {
                    let written = km_database::write(writer.db()?, |db| {
                        let done = work(db)?;
                        if answer.is_unwanted() { Err(LaneError::Deadline.into()) } else { Ok(done) }
                    });
                    if let Some(how) = written.as_ref().err().and_then(StoreError::outage) {
                        writer.failed(how);
                    }
                    written
                });
                answer.give(written);
            })
            .await?
    }
}

#[cfg(test)]
mod tests;

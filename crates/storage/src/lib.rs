//! The key manager's tables and the one way to write them.
//!
//! Reads are plain functions on [`Storage`]. Writes are values ([`Write`]) that only the commit thread can run
//! ([`Committer`]): it puts an operation's rows and its events into one transaction, so that no answer can be reached
//! before its record is durable.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod certificates;
mod commit;
mod exports;
mod idempotency;
mod intents;
mod jobs;
mod keys;
mod log;
mod mosip;
mod mosip_license;
mod mosip_trust;
mod mosip_zk;
mod readers;
mod schema;
mod subjects;
mod tenants;
mod write;

pub use certificates::{CertificateRow, InvitationRow};
pub use commit::{Coming, Committer, Patience, Recorded};
pub use exports::ExportRow;
pub use idempotency::IdempotencyRow;
pub use jobs::Lease;
pub use keys::{KeyRow, VersionRow};
pub use log::Head;
pub use mosip::{MosipAliasRow, MosipPolicyRow};
pub use mosip_license::MosipLicenseRow;
pub use mosip_trust::{MosipAuthorityRow, MosipPartnerRow, MosipRevocationListRow};
pub use mosip_zk::MosipZkKeyRow;
pub use readers::ReaderRow;
pub use subjects::{SubjectId, SubjectRow, TombstoneRow};
pub use write::{Placed, Unrecorded, Write, WriteFault};

use std::sync::Arc;

use km_database::{Database, DatabaseError, Migrations, Reader, Writer};

/// Why the store did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database cannot be used now; try again later.
    #[error("the key manager's database {how}: {reason}")]
    Unavailable { how: &'static str, reason: String },
    /// The record could not be written, so nothing was done. `how` the database stands may go out, the reason may not.
    #[error("the audit log cannot be written, for the key manager's database {how}: {reason}")]
    Unrecorded { how: &'static str, reason: String },
    /// Somebody else changed the row first, or it is already there; the text is a stable code.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// What decides about this operation changed while it ran: run it again.
    #[error("keys or policies changed meanwhile")]
    Stale,
    /// A stored row cannot be read.
    #[error("a stored row is damaged: {0}")]
    Damaged(&'static str),
}

impl From<diesel::result::Error> for StorageError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Unavailable { how: km_database::outage(&error).unwrap_or("cannot be used"), reason: error.to_string() }
    }
}

impl From<DatabaseError> for StorageError {
    fn from(error: DatabaseError) -> Self {
        Self::Unavailable { how: error.outage(), reason: error.to_string() }
    }
}

/// The key manager's database, for reading.
#[derive(Clone)]
pub struct Storage {
    database: Arc<Database>,
}

/// The key manager's migrations, for both engines.
pub fn migrations() -> Migrations {
    use diesel_migrations::{EmbeddedMigrations, embed_migrations};
    const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
    const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
    Migrations { sqlite: SQLITE, postgres: POSTGRES, program: env!("CARGO_PKG_VERSION") }
}

impl Storage {
    /// Over an open database whose schema is current.
    pub fn new(database: Database) -> Self {
        Self { database: Arc::new(database) }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn connection(&self) -> Result<Reader, StorageError> {
        Ok(self.database.reader()?)
    }

    pub(crate) fn write_connection(&self) -> Result<Writer<'_>, StorageError> {
        Ok(self.database.writer()?)
    }

    /// Whether the database answers a read.
    pub fn probe(&self) -> Result<(), StorageError> {
        self.head().map(|_| ())
    }
}

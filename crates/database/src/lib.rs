//! One connection to SQLite or PostgreSQL: opening, pool, migrations, transactions, backup. No tables of its own but the
//! one that says which program last migrated the schema.
//!
//! Code over [`Db`] is written once. What diesel cannot say for both engines (upserts, `RETURNING`, row locks, inserts of
//! many rows) is a `match` on the variants at the place that needs it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod access;
mod backup;
mod checkpoints;
mod connection;
mod database;
mod error;
mod insert;
mod migrate;
mod outage;
mod transaction;

pub use access::{Access, Engine};
pub use backup::{backup, restore};
pub use connection::{Backend, Db};
pub use database::{Database, Reader, Writer};
pub use error::DatabaseError;
pub use migrate::Migrations;
pub use outage::outage;
pub use transaction::write;

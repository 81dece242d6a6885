//! Writing transactions.

use diesel::{
    Connection,
    connection::{AnsiTransactionManager, TransactionManager},
};

use crate::Db;

/// Runs `work` as one writing transaction: all of it, or nothing.
///
/// On SQLite the write lock is taken at the beginning (`BEGIN IMMEDIATE`): a transaction that first reads and then
/// writes is otherwise refused, without waiting, when another connection wrote in between. `Db::transaction` inside
/// `work` is a savepoint.
///
/// # Errors
/// What `work` answers, or what beginning and committing meet; then nothing is kept.
pub fn write<T, E, F>(db: &mut Db, work: F) -> Result<T, E>
where
    F: FnOnce(&mut Db) -> Result<T, E>,
    E: From<diesel::result::Error>,
{
    match db {
        Db::Sqlite(lite) => AnsiTransactionManager::begin_transaction_sql(lite, "BEGIN IMMEDIATE")?,
        Db::Postgres(postgres) => AnsiTransactionManager::begin_transaction(postgres)?,
    }
    match work(db) {
        Ok(value) => {
            <Db as Connection>::TransactionManager::commit_transaction(db)?;
            Ok(value)
        }
        Err(error) => {
            // The first error is the one to report; a connection that cannot roll back is broken and is replaced.
            let _ = <Db as Connection>::TransactionManager::rollback_transaction(db);
            Err(error)
        }
    }
}

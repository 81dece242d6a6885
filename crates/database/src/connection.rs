//! A connection to either engine, opened and set up.

use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, Instant},
};

use diesel::{
    Connection, PgConnection, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ManageConnection, R2D2Connection},
};

use crate::{
    DatabaseError,
    access::{Access, Engine, with_default, with_parameter},
};

/// A connection to one of the two engines; diesel's queries run on it unchanged.
#[derive(diesel::MultiConnection)]
pub enum Db {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// What boxed queries and hand-written conversions name.
pub type Backend = <Db as Connection>::Backend;

impl Db {
    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    Read,
    Write,
}

/// Opens connections for the pool.
pub(crate) struct Connector {
    pub(crate) access: Access,
    pub(crate) intent: Intent,
}

/// A connection and when it was last used.
pub(crate) struct Kept {
    pub(crate) db: Db,
    used: Instant,
}

/// A server may hang up on a connection that is used no more; one that was used within this time is not asked first, which
/// would be one more round trip for every query.
const FRESH: Duration = Duration::from_millis(250);

impl Kept {
    pub(crate) fn now(db: Db) -> Self {
        Self { db, used: Instant::now() }
    }

    /// Asks the server, if nobody has lately. A file does not hang up.
    pub(crate) fn is_usable(&mut self) -> bool {
        let asked = self.db.is_sqlite() || self.used.elapsed() < FRESH;
        !self.db.is_broken() && (asked || self.db.ping().is_ok())
    }
}

impl ManageConnection for Connector {
    type Connection = Kept;
    type Error = DatabaseError;

    fn connect(&self) -> Result<Kept, DatabaseError> {
        connect(&self.access, self.intent).map(Kept::now)
    }

    fn is_valid(&self, kept: &mut Kept) -> Result<(), DatabaseError> {
        if kept.is_usable() { Ok(()) } else { Err(DatabaseError::Unavailable("the connection is gone".to_owned())) }
    }

    fn has_broken(&self, kept: &mut Kept) -> bool {
        kept.used = Instant::now();
        std::thread::panicking() || kept.db.is_broken()
    }
}

/// Opens one connection. A SQLite file that is not there is made, readable by its owner only; SQLite gives its WAL the
/// same mode.
pub(crate) fn connect(access: &Access, intent: Intent) -> Result<Db, DatabaseError> {
    match access.engine() {
        Engine::Sqlite { path } => {
            make_private_file(path)?;
            let text = path.to_str().ok_or(DatabaseError::Url("the path must be UTF-8"))?;
            let mut connection = SqliteConnection::establish(text).map_err(unavailable)?;
            connection.batch_execute(SQLITE_SETTINGS)?;
            connection.batch_execute(match intent {
                Intent::Read => "PRAGMA query_only = ON;",
                Intent::Write => WRITER_SETTINGS,
            })?;
            Ok(Db::Sqlite(connection))
        }
        Engine::Postgres { url } => {
            let url = match access.password()? {
                Some(password) => with_parameter(url, "password", &password),
                None => url.clone(),
            };
            let url = LIVELINESS.iter().fold(url, |url, (name, value)| with_default(&url, name, value));
            let mut connection = PgConnection::establish(&url).map_err(unavailable)?;
            connection.batch_execute(POSTGRES_SETTINGS)?;
            Ok(Db::Postgres(connection))
        }
    }
}

/// Makes the file, readable by its owner only, if it is not there. A file that is there is never opened here: a process
/// that closes any handle of a database file loses all its locks on that file (sqlite.org/howtocorrupt.html, section 2.2),
/// and the next process to leave then deletes the WAL under those that still use it.
pub(crate) fn make_private_file(path: &Path) -> Result<(), DatabaseError> {
    match fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(fault) => Err(DatabaseError::File { path: path.to_owned(), reason: fault.to_string() }),
    }
}

fn unavailable(fault: diesel::ConnectionError) -> DatabaseError {
    DatabaseError::Unavailable(fault.to_string())
}

// FULL: a commit is on disk when it returns. secure_delete: what is erased does not linger in free pages.
// busy_timeout first, for switching to WAL takes a lock.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;";

// KiB of cache. A batch of 100 records changes more pages than the 2 MiB that SQLite keeps by itself; those that do not fit are
// written in the middle of the transaction, and again at its end. Checkpoints are made beside the writer; only from this many pages
// in the log does it make them itself, after a commit: while it goes on writing, nobody else can begin the log anew.
const WRITER_SETTINGS: &str = "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 16000;";

// A server that vanished without a word is noticed within this many seconds, not after the two hours of TCP's default; milliseconds
// for what was sent and not acknowledged. The URL may say otherwise.
const LIVELINESS: [(&str, &str); 5] = [
    ("connect_timeout", "3"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

// Backslashes are letters in literals, times are UTC, and no statement or lock waits for ever.
const POSTGRES_SETTINGS: &str = "SET standard_conforming_strings = on; SET TIME ZONE 'UTC'; \
     SET statement_timeout = '60s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; \
     SET client_min_messages = warning;";

#[cfg(test)]
mod tests {
    use super::*;

    /// Locks that this process holds on a file, by the kernel's word for each of its handles (proc_pid_fdinfo(5)). Not from
    /// `/proc/locks`: that is the whole machine's list, and a line can be missed while others come and go.
    fn locks(path: &Path) -> usize {
        let handles = fs::read_dir("/proc/self/fd")
            .unwrap()
            .flatten()
            .filter(|handle| fs::read_link(handle.path()).is_ok_and(|to| to == path));
        let told =
            handles.flat_map(|handle| fs::read_to_string(Path::new("/proc/self/fdinfo").join(handle.file_name())));
        told.map(|text| text.lines().filter(|line| line.starts_with("lock:")).count()).sum()
    }

    #[test]
    fn a_further_connection_leaves_the_locks_of_the_others() {
        let path = std::env::temp_dir().join(format!("km-database-locks-{}.db", std::process::id()));
        let access = Access::parse(&format!("sqlite:{}", path.display()), None).unwrap();
        let mut first = connect(&access, Intent::Write).unwrap();
        first.batch_execute("CREATE TABLE t (a INTEGER)").unwrap();
        let before = locks(&path);
        let second = connect(&access, Intent::Read).unwrap();
        assert!(before > 0 && locks(&path) >= before, "a connection in WAL mode holds a shared lock");
        drop((first, second));
        fs::remove_file(path).unwrap();
    }
}

//! The database of one service: readers side by side, writers one after the other.

use std::{
    ops::{Deref, DerefMut},
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use diesel::r2d2::{Pool, PooledConnection};

use crate::{
    Access, DatabaseError, Db,
    access::Engine,
    checkpoints::Checkpoints,
    connection::{Connector, Intent, Kept, connect},
};

/// A pool of reading connections and one writing connection.
///
/// SQLite has one writer anyway; on PostgreSQL one writer a process keeps the order of its own writes.
pub struct Database {
    access: Access,
    /// Device and inode of the file that was opened, SQLite only.
    file: Option<(u64, u64)>,
    readers: Pool<Connector>,
    writer: Mutex<Option<Kept>>,
    /// SQLite only.
    checkpoints: Option<Checkpoints>,
}

impl Database {
    /// Opens the database at `url` with up to `readers` reading connections, and proves it with one.
    ///
    /// # Errors
    /// A bad URL, an unreadable password file, or a database that does not answer.
    pub fn open(url: &str, password_file: Option<&Path>, readers: u32) -> Result<Self, DatabaseError> {
        let access = Access::parse(url, password_file)?;
        // The writer first: SQLite's switch to WAL is a write, which the readers then find done.
        let writer = connect(&access, Intent::Write)?;
        let pool = Pool::builder()
            .max_size(readers.max(1))
            .min_idle(Some(1))
            .connection_timeout(Duration::from_secs(2))
            .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
            .build_unchecked(Connector { access: access.clone(), intent: Intent::Read });
        let checkpoints = match access.is_sqlite() {
            true => Some(Checkpoints::start(connect(&access, Intent::Write)?)?),
            false => None,
        };
        let file = inode(&access);
        let writer = Mutex::new(Some(Kept::now(writer)));
        let database = Self { access, file, readers: pool, writer, checkpoints };
        drop(database.reader()?);
        Ok(database)
    }

    pub fn access(&self) -> &Access {
        &self.access
    }

    pub fn is_sqlite(&self) -> bool {
        self.access.is_sqlite()
    }

    /// A reading connection from the pool; SQLite refuses writes on it.
    ///
    /// # Errors
    /// None free, or none to be had, within two seconds.
    pub fn reader(&self) -> Result<Reader, DatabaseError> {
        self.in_place()?;
        self.readers.get().map(Reader).map_err(|fault| DatabaseError::Unavailable(fault.to_string()))
    }

    /// The writing connection, when it is this caller's turn. One that broke is opened anew.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn writer(&self) -> Result<Writer<'_>, DatabaseError> {
        let mut slot = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.in_place()?;
        let kept = slot.take().and_then(|mut kept| kept.is_usable().then_some(kept.db));
        let db = match kept {
            Some(db) => db,
            None => connect(&self.access, Intent::Write)?,
        };
        Ok(Writer { db: Some(db), slot, checkpoints: self.checkpoints.as_ref() })
    }

    /// An open file goes on taking what is written to it when it is moved away or deleted, and whoever starts next does not
    /// find it: better to stop. A new connection would even make an empty file in its place.
    fn in_place(&self) -> Result<(), DatabaseError> {
        match self.access.engine() {
            Engine::Sqlite { path } if inode(&self.access) != self.file => {
                Err(DatabaseError::Moved { path: path.clone() })
            }
            _ => Ok(()),
        }
    }

    /// A writing connection of the caller's own, outside the pool, for a thread that keeps one.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn connect(&self) -> Result<Db, DatabaseError> {
        connect(&self.access, Intent::Write)
    }
}

fn inode(access: &Access) -> Option<(u64, u64)> {
    let Engine::Sqlite { path } = access.engine() else { return None };
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// A pooled reading connection.
pub struct Reader(PooledConnection<Connector>);

impl Deref for Reader {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.0.db
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Db {
        &mut self.0.db
    }
}

/// The writing connection, held. It goes back when dropped, unless a panic interrupted its use.
pub struct Writer<'a> {
    db: Option<Db>,
    slot: MutexGuard<'a, Option<Kept>>,
    checkpoints: Option<&'a Checkpoints>,
}

impl Writer<'_> {
    /// The connection itself.
    ///
    /// # Errors
    /// Never in practice: the connection is there until the guard is dropped.
    pub fn db(&mut self) -> Result<&mut Db, DatabaseError> {
        self.db.as_mut().ok_or_else(|| DatabaseError::Unavailable("the writer is gone".to_owned()))
    }

    /// Told how the database stood when something could not be written (see [`crate::outage`]). A session of PostgreSQL
    /// that began read-only stays so when the database no longer is: the next writer gets a new one.
    pub fn failed(&mut self, how: &str) {
        if how == crate::outage::READ_ONLY {
            self.db = None;
        }
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        *self.slot = self.db.take().filter(|_| !std::thread::panicking()).map(Kept::now);
        if let Some(checkpoints) = self.checkpoints {
            checkpoints.written();
        }
    }
}

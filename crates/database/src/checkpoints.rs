//! Checkpoints of SQLite's write-ahead log (sqlite.org/wal.html, section 3), beside the writer and not within its commits: a
//! checkpoint is a sixth of the work of a long import, and whoever commits would wait for its syncs.

use std::{
    convert::Infallible,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    thread::JoinHandle,
    time::Duration,
};

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query, sql_types::Integer};

use crate::{DatabaseError, Db};

/// Pages that may wait in the log. Fewer, and the same pages of the indexes are written again and again.
const PAGES: i32 = 4_000;

/// From one look at the log to the next.
const PAUSE: Duration = Duration::from_millis(50);

/// A thread with a connection of its own. It ends, and is waited for, when this is dropped.
pub(crate) struct Checkpoints {
    wake: Option<(SyncSender<()>, Sender<Infallible>)>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// # Errors
    /// The thread cannot be started.
    pub fn start(db: Db) -> Result<Self, DatabaseError> {
        let (wake, woken) = sync_channel(1);
        // Nothing is ever sent here: it closes at the end.
        let (open, closed) = channel();
        let thread = std::thread::Builder::new().name("checkpoints".to_owned()).stack_size(256 << 10);
        let thread = thread
            .spawn(move || run(db, &woken, &closed))
            .map_err(|fault| DatabaseError::Unavailable(format!("no thread for its checkpoints: {fault}")))?;
        Ok(Self { wake: Some((wake, open)), thread: Some(thread) })
    }

    /// Something may have been written.
    pub fn written(&self) {
        // A full channel: the thread is about to look anyway.
        let _ = self.wake.as_ref().map(|(wake, _)| wake.try_send(()));
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.wake = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn run(mut db: Db, woken: &Receiver<()>, closed: &Receiver<Infallible>) {
    while woken.recv().is_ok() {
        // What cannot be done now, as on a full disk, is tried again after the next write, and in the end by the writer itself.
        if waiting(&mut db).is_ok_and(|pages| pages >= PAGES) {
            let _ = pragma(&mut db, "PASSIVE");
        }
        if closed.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Pages in the log that are not in the database file yet.
fn waiting(db: &mut Db) -> QueryResult<i32> {
    pragma(db, "NOOP").map(|log| log.log - log.checkpointed)
}

#[derive(QueryableByName)]
struct Log {
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

/// sqlite.org/pragma.html#pragma_wal_checkpoint
fn pragma(db: &mut Db, mode: &str) -> QueryResult<Log> {
    sql_query(format!("PRAGMA wal_checkpoint({mode})")).get_result(db)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use diesel::connection::SimpleConnection;
    use km_test_support::wait_until;

    use super::*;
    use crate::Database;

    /// Bytes of the database file: a commit alone only appends to the log beside it.
    fn size(path: &Path) -> u64 {
        std::fs::metadata(path).unwrap().len()
    }

    #[test]
    fn what_was_committed_reaches_the_file_by_itself() {
        let folder = std::env::temp_dir().join(format!("km-database-checkpoints-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.db");
        let database = Database::open(&format!("sqlite:{}", path.display()), None, 1).unwrap();
        let write = |sql: &str| database.writer().unwrap().db().unwrap().batch_execute(sql).unwrap();
        write("CREATE TABLE t (a BLOB)");
        write("INSERT INTO t VALUES (randomblob(1000))");
        assert!(size(&path) <= 4_096, "a small write waits in the log");
        // More than may wait, but less than makes the writer do it in its commit.
        let bytes = u64::try_from(PAGES).unwrap() * 4_096;
        write(&format!("INSERT INTO t VALUES (randomblob({bytes}))"));
        assert!(wait_until(Duration::from_secs(20), || size(&path) >= bytes), "no checkpoint within 20 s");
        drop(database);
        std::fs::remove_dir_all(folder).unwrap();
    }
}

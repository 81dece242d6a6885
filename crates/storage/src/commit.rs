//! The commit thread: takes what is waiting, puts rows and events into one transaction, and only then lets the outcomes go.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use diesel::Connection;
use km_audit::Event;
use km_database::Db;
use km_domain::{Clock, Timestamp};
use parking_lot::{Condvar, Mutex};

use crate::{
    Placed, Storage, StorageError, Unrecorded, Write, WriteFault, idempotency,
    log::{self, Appender},
    write::interrupted,
};

/// Most operations in one transaction: bounds the time until the first of them is answered.
const GROUP: usize = 512;
/// Most operations waiting; beyond it new ones are refused as unavailable.
const WAITING: usize = 8192;
/// How far apart transactions of fewer than [`FEW`] operations begin while others are on their way. Slow operations, as RSA's, would
/// each have a transaction of their own, and its sync takes a tenth of the processor from the token.
const APART: Duration = Duration::from_millis(3);
const FEW: usize = 4;
const TOO_SLOW: &str = "is too slow";

/// An outcome whose record is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<T> {
    pub outcome: T,
    /// Where its first event stands in the log; `None` where it needed no record.
    pub placed: Option<Placed>,
}

type Done = Box<dyn FnOnce(Result<Option<Placed>, StorageError>) + Send>;

/// Until when a change may be made: whoever has been told that it was too slow may ask for the opposite next.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// No change is begun from here on, so that a transaction is seldom given up for the sake of one.
    pub begin: Instant,
    /// No transaction with the change in it is committed from here on.
    pub commit: Instant,
}

impl Patience {
    /// For a caller who is told at `end` and has waited since `end - whole`.
    pub fn until(end: Instant, whole: Duration) -> Self {
        Self { begin: end.checked_sub(whole / 8).unwrap_or(end), commit: end }
    }
}

struct Work {
    events: Vec<Event>,
    writes: Vec<Write>,
    on_conflict: Option<Event>,
    checked_at: Option<u64>,
    changes_state: bool,
    patience: Option<Patience>,
}

struct Waiting {
    work: Work,
    done: Done,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    /// Operations that were announced and are not in the queue yet.
    coming: AtomicUsize,
    /// Nothing more is on its way, or [`FEW`] are here.
    enough: Condvar,
    /// How the database stood when a group could not be written, until somebody asks.
    failed: Mutex<Option<&'static str>>,
}

/// An operation on its way to the commit thread, which waits a little for it while it is held.
pub struct Coming(Arc<Shared>);

impl Drop for Coming {
    fn drop(&mut self) {
        if self.0.coming.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.enough.notify_one();
        }
    }
}

/// The one way to write. Cheap to clone; the thread ends when [`Committer::close`] was called and the queue is empty.
#[derive(Clone)]
pub struct Committer {
    shared: Arc<Shared>,
}

impl Committer {
    /// Starts the commit thread. `instance` is the random name of the state folder: whose intents a restart finds again.
    pub fn start(storage: Storage, clock: Arc<dyn Clock>, instance: String) -> Result<Self, StorageError> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("commit".into())
            .spawn(move || serve(&theirs, &storage, clock.as_ref(), &instance))
            .map_err(|error| not_written("has no thread that writes", error.to_string()))?;
        Ok(Self { shared })
    }

    /// Announces an operation that will be handed in once the token has done its part. Held until then.
    pub fn announce(&self) -> Coming {
        self.shared.coming.fetch_add(1, Ordering::AcqRel);
        Coming(Arc::clone(&self.shared))
    }

    /// Hands an operation in; `done` is called with its outcome once its record is durable, or with the reason why not. What
    /// it changes is changed within `patience` or not at all.
    pub fn submit<T: Send + 'static>(
        &self,
        unrecorded: Unrecorded<T>,
        patience: Option<Patience>,
        done: impl FnOnce(Result<Recorded<T>, StorageError>) + Send + 'static,
    ) {
        let Unrecorded { outcome, events, writes, on_conflict, checked_at, changes_state } = unrecorded;
        if events.is_empty() && writes.is_empty() {
            return done(Ok(Recorded { outcome, placed: None }));
        }
        let finish: Done = Box::new(move |result| done(result.map(|placed| Recorded { outcome, placed })));
        let work = Work { events, writes, on_conflict, checked_at, changes_state, patience };
        let waiting = Waiting { work, done: finish };
        let mut queue = self.shared.queue.lock();
        if queue.closed || queue.waiting.len() >= WAITING {
            drop(queue);
            return (waiting.done)(Err(not_written("does not keep up", "the queue is full or closed".into())));
        }
        queue.waiting.push_back(waiting);
        let is_enough = queue.waiting.len() >= FEW;
        drop(queue);
        self.shared.arrived.notify_one();
        if is_enough {
            self.shared.enough.notify_one();
        }
    }

    /// Hands an operation in and waits: for start-up, commands and jobs, never for a request.
    pub fn record<T: Send + 'static>(&self, unrecorded: Unrecorded<T>) -> Result<Recorded<T>, StorageError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit(unrecorded, None, move |result| {
            let _ = sender.send(result);
        });
        receiver
            .recv()
            .unwrap_or_else(|_| Err(not_written("has no thread that writes", "the commit thread ended".into())))
    }

    /// Whether a group could not be written since this was asked last. A small one may still be written on a disk that has no room
    /// for others.
    ///
    /// # Errors
    /// The last of those failures.
    pub fn was_well(&self) -> Result<(), StorageError> {
        match self.shared.failed.lock().take() {
            Some(how) => Err(not_written(how, "a group could not be written".into())),
            None => Ok(()),
        }
    }

    /// Takes no more; what waits is still written.
    pub fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.arrived.notify_all();
        self.shared.enough.notify_all();
    }
}

fn serve(shared: &Shared, storage: &Storage, clock: &dyn Clock, instance: &str) {
    let mut not_before = Instant::now();
    while let Some(group) = next_group(shared, not_before) {
        not_before = Instant::now() + APART;
        if let Err(how) = write_group(storage, clock.now(), instance, group) {
            *shared.failed.lock() = Some(how);
        }
    }
}

fn next_group(shared: &Shared, not_before: Instant) -> Option<Vec<Waiting>> {
    let mut queue = shared.queue.lock();
    while queue.waiting.is_empty() {
        if queue.closed {
            return None;
        }
        shared.arrived.wait(&mut queue);
    }
    while queue.waiting.len() < FEW && !queue.closed && shared.coming.load(Ordering::Acquire) > 0 {
        if shared.enough.wait_until(&mut queue, not_before).timed_out() {
            break;
        }
    }
    let count = queue.waiting.len().min(GROUP);
    Some(queue.waiting.drain(..count).collect())
}

/// One transaction for the group. Should it fail as a whole, nobody gets an outcome.
///
/// Errors: how the database stands.
fn write_group(storage: &Storage, now: Timestamp, instance: &str, group: Vec<Waiting>) -> Result<(), &'static str> {
    let (callbacks, work): (Vec<Done>, Vec<Work>) =
        group.into_iter().map(|waiting| (waiting.done, waiting.work)).unzip();
    let mut last_moment: Option<Instant> = None;
    let result = storage.write_connection().and_then(|mut connection| {
        let written = log::exclusively(connection.db()?, |db| {
            let mut appender = Appender::begin(db, now, instance)?;
            let outcomes = work
                .into_iter()
                .map(|work| write_one(db, &mut appender, work, &mut last_moment))
                .collect::<Result<Vec<_>, StorageError>>()?;
            appender.finish(db)?;
            if last_moment.is_some_and(|moment| Instant::now() >= moment) {
                return Err(StorageError::Unavailable { how: TOO_SLOW, reason: "a group took too long".into() });
            }
            Ok(outcomes)
        });
        if let Err(StorageError::Unavailable { how, .. }) = &written {
            connection.failed(how);
        }
        written
    });
    match result {
        Ok(outcomes) => {
            callbacks.into_iter().zip(outcomes).for_each(|(done, outcome)| done(outcome));
            Ok(())
        }
        Err(error) => {
            let (how, reason) = match error {
                StorageError::Unavailable { how, reason } => (how, reason),
                other => ("cannot be used", other.to_string()),
            };
            callbacks.into_iter().for_each(|done| done(Err(not_written(how, reason.clone()))));
            Err(how)
        }
    }
}

const fn not_written(how: &'static str, reason: String) -> StorageError {
    StorageError::Unrecorded { how, reason }
}

/// One operation's part of the transaction, in a savepoint of its own where it changes rows. `last_moment`: until when the
/// transaction may be committed.
fn write_one(
    db: &mut Db,
    appender: &mut Appender,
    work: Work,
    last_moment: &mut Option<Instant>,
) -> Result<Result<Option<Placed>, StorageError>, StorageError> {
    let Work { events, writes, on_conflict, checked_at, changes_state, patience } = work;
    if checked_at.is_some_and(|epoch| epoch != appender.epoch()) {
        return Ok(Err(StorageError::Stale));
    }
    if let Some(patience) = patience.filter(|_| !writes.is_empty()) {
        if Instant::now() >= patience.begin {
            interrupted(events).try_for_each(|event| appender.append(event))?;
            return Ok(Err(not_written(TOO_SLOW, "its turn came too late".into())));
        }
        *last_moment = Some(last_moment.map_or(patience.commit, |moment| moment.min(patience.commit)));
    }
    let placed = appender.next();
    if !writes.is_empty() {
        let made =
            db.transaction::<(), WriteFault, _>(|db| writes.into_iter().try_for_each(|write| write.run(db, placed)));
        match made {
            Ok(()) => {}
            Err(WriteFault::Conflict(code)) => {
                let refusal = on_conflict.map(|event| idempotency::explained(event, code));
                refusal.into_iter().try_for_each(|event| appender.append(event))?;
                return Ok(Err(StorageError::Conflict(code)));
            }
            Err(WriteFault::Database(error)) => return Err(error.into()),
        }
    }
    let recorded = !events.is_empty();
    events.into_iter().try_for_each(|event| appender.append(event))?;
    if changes_state {
        appender.move_epoch();
    }
    Ok(Ok(recorded.then_some(placed)))
}

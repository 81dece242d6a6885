//! A change as a value: made by table functions of this crate, run by the commit thread and by nothing else.

use diesel::result::{DatabaseErrorKind, Error};
use km_audit::{Event, Outcome};
use km_database::Db;
use km_domain::Timestamp;

/// Where the log put an operation's first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    pub log_index: u64,
    pub log_time: Timestamp,
}

/// Why a change was not made.
#[derive(Debug)]
pub enum WriteFault {
    /// The row is there already, or not as expected; a stable code for the caller.
    Conflict(&'static str),
    Database(Error),
}

impl From<Error> for WriteFault {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

type Change = Box<dyn FnOnce(&mut Db, Placed) -> Result<(), WriteFault> + Send>;

/// One change of the key manager's tables, not yet made.
pub struct Write(Change);

impl Write {
    pub(crate) fn new(change: impl FnOnce(&mut Db, Placed) -> Result<(), WriteFault> + Send + 'static) -> Self {
        Self(Box::new(change))
    }

    pub(crate) fn run(self, db: &mut Db, placed: Placed) -> Result<(), WriteFault> {
        (self.0)(db, placed)
    }
}

/// A unique violation becomes this conflict; everything else is the database's fault.
pub(crate) fn unique(result: Result<usize, Error>, conflict: &'static str) -> Result<(), WriteFault> {
    match result {
        Ok(_) => Ok(()),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(WriteFault::Conflict(conflict)),
        Err(error) => Err(error.into()),
    }
}

/// A compare-and-set that changed no row becomes this conflict.
pub(crate) fn changed(result: Result<usize, Error>, conflict: &'static str) -> Result<(), WriteFault> {
    if result? == 0 { Err(WriteFault::Conflict(conflict)) } else { Ok(()) }
}

/// What an operation found out, with the events and changes that must be durable before anyone may know it.
pub struct Unrecorded<T> {
    pub(crate) outcome: T,
    pub(crate) events: Vec<Event>,
    pub(crate) writes: Vec<Write>,
    pub(crate) on_conflict: Option<Event>,
    pub(crate) checked_at: Option<u64>,
    pub(crate) changes_state: bool,
}

impl<T> Unrecorded<T> {
    pub fn new(outcome: T, event: Event) -> Self {
        Self::many(outcome, vec![event])
    }

    pub fn many(outcome: T, events: Vec<Event>) -> Self {
        Self { outcome, events, writes: Vec::new(), on_conflict: None, checked_at: None, changes_state: false }
    }

    /// An outcome that used no key and changed nothing: it needs no record.
    pub fn unremarkable(outcome: T) -> Self {
        Self::many(outcome, Vec::new())
    }

    /// Adds a change, made in the same transaction as the events.
    pub fn with(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    pub fn with_all(mut self, writes: impl IntoIterator<Item = Write>) -> Self {
        self.writes.extend(writes);
        self
    }

    /// The event to record instead, should a change meet a conflict.
    pub fn or_on_conflict(mut self, event: Event) -> Self {
        self.on_conflict = Some(event);
        self
    }

    /// The state epoch at which the operation was checked: should it have moved on, nothing is recorded or changed.
    pub fn checked_at(mut self, epoch: u64) -> Self {
        self.checked_at = Some(epoch);
        self
    }

    /// Marks a change of keys, principals or policies: it moves the state epoch on.
    pub fn changing_state(mut self) -> Self {
        self.changes_state = true;
        self
    }

    /// What remains to be recorded of an operation whose outcome nobody waits for, so that nothing of it is to happen: that the
    /// intents it began with came to nothing.
    pub fn given_up(self) -> Unrecorded<()> {
        Unrecorded::many((), interrupted(self.events).collect())
    }

    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Unrecorded<U> {
        Unrecorded {
            outcome: turn(self.outcome),
            events: self.events,
            writes: self.writes,
            on_conflict: self.on_conflict,
            checked_at: self.checked_at,
            changes_state: self.changes_state,
        }
    }
}

/// Of these events those that close an intent, with the outcome that nothing came of it.
pub(crate) fn interrupted(events: Vec<Event>) -> impl Iterator<Item = Event> {
    events.into_iter().filter(|event| event.intent.is_some()).map(|mut event| {
        if event.outcome == Outcome::Done {
            event.outcome = Outcome::Failed;
            event.reason = Some("interrupted".to_owned());
        }
        event
    })
}

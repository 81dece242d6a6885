//! Workers that keep people in the register: each has its own, so that it knows what must be true of them.

use std::time::{Duration, Instant};

use km_api::Problem;
use km_api::records::BulkStatus;
use km_client::{ClientError, Draft, OpenQuery, RecordOutcome, Session, Statement};
use km_domain::register::RegisterDefinition;
use km_domain::{FieldName, SecretText, SystemClock};
use km_tests::people::{definition, new_id};
use km_tests::records::{REGISTER, fields, register};
use km_tests::wait;
use serde_json::{Map, Value, json};

use crate::model::{Fate, Person, Values};
use crate::random::Random;
use crate::world::World;

/// Tokens live for an hour; sessions are made anew long before.
const SESSION: Duration = Duration::from_secs(240);
/// A worker that has so many people makes no more.
const MOST_PEOPLE: usize = 4000;
const BEFORE_TRYING_AGAIN: Duration = Duration::from_millis(100);
/// How long a seal whose answer was lost may take to be settled once somebody asked for the record.
const SETTLED: Duration = Duration::from_secs(30);
const FIELDS: [&str; 2] = ["national_id", "family_name"];

pub struct Worker<'a> {
    world: &'a World,
    number: u64,
    random: Random,
    pub people: Vec<Person>,
    definition: RegisterDefinition,
    sessions: Option<(Sessions, Instant)>,
    made: u64,
}

struct Sessions {
    sender: Session,
    reader: Session,
}

/// What a refusal means for the model.
enum Refused {
    /// It did not happen, and says nothing about the record.
    NotNow,
    /// It may have happened, or happen yet.
    Perhaps,
    Erased,
    /// The record is not at the version that was built on.
    Elsewhere,
    Unknown,
    /// Registry and key manager do not agree on the version at this moment: a seal whose answer was lost is not settled yet.
    Unsettled,
}

/// What one look at a record showed.
enum Seen {
    Fate(Fate),
    Unsettled,
    Wrong(String),
}

impl<'a> Worker<'a> {
    pub fn new(world: &'a World, number: u64) -> Self {
        let random = Random::new(world.seed, number);
        let people = Vec::new();
        Self { world, number, random, people, definition: definition(REGISTER), sessions: None, made: 0 }
    }

    pub fn run(&mut self) {
        let world = self.world;
        while world.step(|| self.turn()) {}
    }

    fn turn(&mut self) {
        if !self.has_sessions() {
            return;
        }
        let room = self.people.len() < MOST_PEOPLE;
        match self.random.below(100) {
            0..25 if room || self.people.is_empty() => self.create(),
            25..30 if room || self.people.is_empty() => self.create_many(),
            _ if self.people.is_empty() => self.create(),
            0..50 => self.update(),
            50..80 => self.open(),
            80..95 => self.find(),
            _ => self.erase(),
        }
    }

    /// Sessions for a sender and a reader; false if they cannot be made at this moment.
    fn has_sessions(&mut self) -> bool {
        if self.sessions.as_ref().is_some_and(|(_, since)| since.elapsed() < SESSION) {
            return true;
        }
        let system = &self.world.system;
        let session = |who: &str| {
            let session = Session::open(&system.endpoints(), who, std::sync::Arc::new(SystemClock));
            session.map(|session| session.with_token(SecretText::new(system.token(who))))
        };
        // The file of addresses is written anew when the registry starts.
        let made = session("backend").and_then(|sender| Ok(Sessions { sender, reader: session("caseworker")? }));
        match made {
            Ok(sessions) => self.sessions = Some((sessions, Instant::now())),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
        self.sessions.is_some()
    }

    fn sender(&self) -> &Session {
        &self.sessions.as_ref().expect("made before the turn").0.sender
    }

    fn reader(&self) -> &Session {
        &self.sessions.as_ref().expect("made before the turn").0.reader
    }

    fn values(&mut self) -> Values {
        self.made += 1;
        let id = format!("S{:02}{:010}{:07}", self.number, self.made, self.random.below(10_000_000));
        let family = format!("Sample {}", self.random.below(1000));
        Values::from([("national_id".into(), json!(id)), ("family_name".into(), json!(family))])
    }

    fn draft(person: &Person, base_version: u32, values: &Values) -> Draft {
        let mut all: Map<String, Value> = km_tests::people::fields("");
        all.extend(values.clone());
        Draft { record: person.record, base_version, fields: all }
    }

    fn create(&mut self) {
        let (mut person, values) = (Person::new(new_id()), self.values());
        self.put(&mut person, 0, values);
        self.people.push(person);
    }

    fn create_many(&mut self) {
        let count = 2 + self.random.index(30);
        let mut made: Vec<(Person, Values)> = (0..count).map(|_| (Person::new(new_id()), self.values())).collect();
        let drafts: Vec<_> = made.iter().map(|(person, values)| Self::draft(person, 0, values)).collect();
        let results = wait(self.sender().put_bulk(&self.definition, &drafts));
        match results {
            Ok(results) => {
                for ((person, values), result) in made.iter_mut().zip(results) {
                    let fate = Fate::Stored { version: 1, values: values.clone() };
                    match (result.status, result.problem) {
                        (BulkStatus::Created, _) => person.is(fate),
                        (BulkStatus::Refused, Some(problem)) => match meaning(&problem) {
                            Some(Refused::Perhaps) => person.perhaps(fate),
                            Some(Refused::NotNow) => {}
                            _ => self.world.wrong(format!("a new record in bulk: {problem:?}")),
                        },
                        (status, problem) => self.world.wrong(format!("a new record in bulk: {status:?} {problem:?}")),
                    }
                }
                self.world.count("create many", "answered");
            }
            Err(error) => {
                if let Some(Refused::Perhaps) = self.judge("create many", &error) {
                    for (person, values) in &mut made {
                        person.perhaps(Fate::Stored { version: 1, values: values.clone() });
                    }
                }
            }
        }
        self.people.extend(made.into_iter().map(|(person, _)| person));
    }

    fn update(&mut self) {
        let at = self.random.index(self.people.len());
        let mut person = self.people[at].clone();
        // On what is certain, or on what is seen now.
        let base = match person.certain() {
            Some(fate) => Some(fate.clone()),
            None => self.look(&mut person),
        };
        match base {
            Some(Fate::Stored { version, values }) => {
                let mut next = self.values();
                // Most keep their id.
                if self.random.chance(75) {
                    next.insert("national_id".into(), values["national_id"].clone());
                }
                self.put(&mut person, version, next);
            }
            Some(Fate::Absent) => {
                let values = self.values();
                self.put(&mut person, 0, values);
            }
            Some(Fate::Erased) | None => {}
        }
        self.people[at] = person;
    }

    fn put(&self, person: &mut Person, base: u32, values: Values) {
        let draft = Self::draft(person, base, &values);
        let ids: Vec<String> = person.possible().iter().filter_map(id_of).chain(id_in(&values)).collect();
        let next = Fate::Stored { version: base + 1, values };
        match wait(self.sender().put(&self.definition, &draft)) {
            Ok(stored) => {
                self.world.count("put", "stored");
                if stored.version != base + 1 {
                    self.world.wrong(format!("{} was stored as version {}", person.record, stored.version));
                }
                person.is(next);
            }
            Err(error) => match self.judge("put", &error) {
                Some(Refused::Perhaps) => person.perhaps(next),
                Some(Refused::Elsewhere) if person.may_be_newer_than(base) || person.may_be_erased() => {}
                Some(Refused::Erased) if person.may_be_erased() => person.is(Fate::Erased),
                Some(Refused::NotNow) | None => {}
                Some(_) => self.world.wrong(format!("{} at {base}: {error}, but it is {person:?}", person.record)),
            },
        }
        person.left_ids.extend(ids);
    }

    fn open(&mut self) {
        let at = self.random.index(self.people.len());
        let mut person = self.people[at].clone();
        self.look(&mut person);
        self.people[at] = person;
    }

    /// Reads one person and holds what is seen against the model; none: no answer, or a wrong one.
    fn look(&self, person: &mut Person) -> Option<Fate> {
        let seen = match wait(self.reader().open_records(query(&[person]))) {
            Ok(mut opened) => seen(opened.records.remove(0).outcome),
            Err(error) => match self.judge("open", &error)? {
                Refused::Erased => Seen::Fate(Fate::Erased),
                Refused::Unknown => Seen::Fate(Fate::Absent),
                Refused::Unsettled => Seen::Unsettled,
                _ => return None,
            },
        };
        let wrong = match seen {
            Seen::Fate(fate) => match person.seen(&fate) {
                Ok(()) => {
                    self.world.count("open", "right");
                    return Some(fate);
                }
                Err(text) => text,
            },
            Seen::Unsettled if person.certain().is_none() => {
                std::thread::sleep(BEFORE_TRYING_AGAIN);
                return None;
            }
            Seen::Unsettled => format!("{} is certain, but its version is not settled: {person:?}", person.record),
            Seen::Wrong(text) => text,
        };
        self.world.wrong(wrong);
        None
    }

    /// By the id that somebody certainly has, or by one that nobody may have any more.
    fn find(&mut self) {
        let at = self.random.index(self.people.len());
        let person = &self.people[at];
        let (id, expected) = match person.certain() {
            Some(Fate::Stored { version, values }) => match person.left_ids.first() {
                Some(left) if values["national_id"] != left.as_str() && self.made.is_multiple_of(3) => {
                    (json!(left), None)
                }
                _ => (values["national_id"].clone(), Some((person.record, *version))),
            },
            Some(Fate::Erased) => match person.left_ids.first() {
                Some(left) => (json!(left), None),
                None => return,
            },
            _ => return,
        };
        let field: FieldName = "national_id".parse().expect("a field's name");
        let statement = Statement::of("service-delivery");
        match wait(self.reader().find_ids(&self.definition, &field, &id, &statement)) {
            Ok(found) => {
                let found: Vec<_> = found.iter().map(|one| (one.record, one.version)).collect();
                self.world.count("find", "right");
                if found != Vec::from_iter(expected) {
                    self.world.wrong(format!("looking for {id}, {found:?} was found, not {expected:?}: {person:?}"));
                }
            }
            Err(error) => drop(self.judge("find", &error)),
        }
    }

    fn erase(&mut self) {
        let at = self.random.index(self.people.len());
        let mut person = self.people[at].clone();
        if !matches!(person.certain(), Some(Fate::Stored { .. })) {
            return;
        }
        let ids: Vec<String> = person.possible().iter().filter_map(id_of).collect();
        let statement = Statement::of("erasure-request");
        match wait(self.sender().erase(&register(), person.record, &statement)) {
            Ok(_) => {
                self.world.count("erase", "certified");
                person.is(Fate::Erased);
            }
            Err(error) => match self.judge("erase", &error) {
                Some(Refused::Perhaps) => person.perhaps(Fate::Erased),
                Some(Refused::NotNow) | None => {}
                Some(_) => self.world.wrong(format!("erasing {}: {error}, but it is {person:?}", person.record)),
            },
        }
        person.left_ids.extend(ids);
        self.people[at] = person;
    }

    /// What a failed call says; none, and a mark against the system, if it must not have been.
    fn judge(&self, what: &str, error: &ClientError) -> Option<Refused> {
        let (refused, outcome) = match error {
            ClientError::Unavailable(_) => (Some(Refused::Perhaps), "no answer or 503".to_owned()),
            ClientError::Refused(problem) => (meaning(problem), format!("{} {}", problem.status, problem.code())),
            ClientError::Setup(_) | ClientError::NotProven(_) | ClientError::Fields(_) => (None, "odd".to_owned()),
        };
        self.world.count(what, &outcome);
        if let Some(Refused::Perhaps | Refused::NotNow) = refused {
            // As a client would, before it tries again.
            std::thread::sleep(BEFORE_TRYING_AGAIN);
        }
        if refused.is_none() {
            self.world.wrong(format!("{what}: {error}"));
        }
        refused
    }

    /// At the end, with all well: every record opens as it must, every erased one does not.
    pub fn reckon(&mut self) {
        assert!(self.has_sessions(), "sessions when all is well");
        let mut people = std::mem::take(&mut self.people);
        for part in people.chunks_mut(100) {
            // A single record of a request that is absent or unsettled refuses nothing to the others.
            let opened = match wait(self.reader().open_records(query(&part.iter().collect::<Vec<_>>()))) {
                Ok(opened) => opened.records,
                Err(error) => {
                    self.world.wrong(format!("at the end: {error}"));
                    continue;
                }
            };
            for (person, opened) in part.iter_mut().zip(opened) {
                self.reckon_one(person, seen(opened.outcome));
            }
        }
        self.people = people;
    }

    fn reckon_one(&self, person: &mut Person, seen: Seen) {
        let was_certain = person.certain().is_some();
        let fate = match seen {
            Seen::Fate(fate) => match person.seen(&fate) {
                Ok(()) => fate,
                Err(text) => return self.world.wrong(format!("at the end: {text}")),
            },
            // A seal whose answer was lost is withdrawn after the first reader has met it.
            Seen::Unsettled | Seen::Wrong(_) if !was_certain => {
                let (begun, mut found) = (Instant::now(), None);
                while found.is_none() && begun.elapsed() < SETTLED {
                    found = self.look(person);
                }
                self.world.count("at the end", "settled when it was asked for");
                match found {
                    Some(fate) => fate,
                    None => return self.world.wrong(format!("at the end: not settled: {person:?}")),
                }
            }
            Seen::Unsettled => return self.world.wrong(format!("at the end: not settled: {person:?}")),
            Seen::Wrong(text) => return self.world.wrong(format!("at the end: {text}: {person:?}")),
        };
        let what = match fate {
            Fate::Erased => "erased, and does not open",
            Fate::Absent => "never acknowledged, and not there",
            Fate::Stored { .. } if was_certain => "opens with its values",
            Fate::Stored { .. } => "opens; its last request had no answer",
        };
        self.world.count("at the end", what);
    }
}

/// What a refusal means; none: it must not be.
fn meaning(problem: &Problem) -> Option<Refused> {
    match (problem.status, problem.code()) {
        (503 | 504, _) => Some(Refused::Perhaps),
        (429, _) | (409, "seal-under-way" | "key-encryption-key-not-active") => Some(Refused::NotNow),
        (410, "record-erased") => Some(Refused::Erased),
        (412, "version-conflict" | "record-exists") => Some(Refused::Elsewhere),
        (404, "record-unknown") => Some(Refused::Unknown),
        (422, "stale-version") => Some(Refused::Unsettled),
        _ => None,
    }
}

fn query(people: &[&Person]) -> OpenQuery {
    OpenQuery {
        register: register(),
        records: people.iter().map(|person| person.record).collect(),
        fields: fields(&FIELDS),
        statement: Statement::of("service-delivery"),
        history: false,
    }
}

/// What one record of an answer says.
fn seen(outcome: RecordOutcome) -> Seen {
    match outcome {
        RecordOutcome::Values { version, values, .. } => {
            let values = values.into_iter().map(|(name, value)| (name, value.expose().clone())).collect();
            Seen::Fate(Fate::Stored { version, values })
        }
        RecordOutcome::Refused(code) | RecordOutcome::NotBrought(code) => match code.as_str() {
            "record-erased" => Seen::Fate(Fate::Erased),
            "record-unknown" => Seen::Fate(Fate::Absent),
            "stale-version" => Seen::Unsettled,
            _ => Seen::Wrong(format!("a record does not open: {code}")),
        },
    }
}

fn id_of(fate: &Fate) -> Option<String> {
    match fate {
        Fate::Stored { values, .. } => id_in(values),
        Fate::Absent | Fate::Erased => None,
    }
}

fn id_in(values: &Values) -> Option<String> {
    values.get("national_id").and_then(Value::as_str).map(str::to_owned)
}

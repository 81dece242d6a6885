//! What must be true of each record, from what was acknowledged. A request without an answer may have happened or not, and
//! may still happen: then more than one fate is possible until an answer decides.

use std::collections::{BTreeMap, BTreeSet};

use km_domain::RecordId;
use serde_json::Value;

/// Values of a person's fields.
pub type Values = BTreeMap<String, Value>;

/// What a record can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    Absent,
    Stored { version: u32, values: Values },
    Erased,
}

impl Fate {
    /// In the order of a record's life, which never goes back.
    fn age(&self) -> u32 {
        match self {
            Self::Absent => 0,
            Self::Stored { version, .. } => *version,
            Self::Erased => u32::MAX,
        }
    }
}

/// A record of the load, used by one worker only.
#[derive(Debug, Clone)]
pub struct Person {
    pub record: RecordId,
    /// Never empty; one when it is certain.
    possible: Vec<Fate>,
    /// National ids that it had and has no more, or will have only if a request without an answer happened.
    pub left_ids: BTreeSet<String>,
}

impl Person {
    pub fn new(record: RecordId) -> Self {
        Self { record, possible: vec![Fate::Absent], left_ids: BTreeSet::new() }
    }

    pub fn certain(&self) -> Option<&Fate> {
        match self.possible.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    pub fn possible(&self) -> &[Fate] {
        &self.possible
    }

    /// Acknowledged, or proven by a refusal that says so.
    pub fn is(&mut self, fate: Fate) {
        self.possible = vec![fate];
    }

    /// Asked for without an answer.
    pub fn perhaps(&mut self, fate: Fate) {
        if !self.possible.contains(&fate) {
            self.possible.push(fate);
        }
    }

    /// Seen now. What is older cannot be any more; what is newer may still come.
    ///
    /// Errors: it must not be so.
    pub fn seen(&mut self, seen: &Fate) -> Result<(), String> {
        if !self.possible.contains(seen) {
            return Err(format!("{} is {seen:?}, but must be one of {:?}", self.record, self.possible));
        }
        self.possible.retain(|fate| fate == seen || fate.age() > seen.age());
        Ok(())
    }

    pub fn may_be_erased(&self) -> bool {
        self.possible.contains(&Fate::Erased)
    }

    /// Whether a version after this one may be there.
    pub fn may_be_newer_than(&self, version: u32) -> bool {
        self.possible.iter().any(|fate| matches!(fate, Fate::Stored { version: later, .. } if *later > version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(version: u32) -> Fate {
        Fate::Stored { version, values: Values::new() }
    }

    #[test]
    fn what_was_not_answered_may_be_until_something_newer_is_seen() {
        let mut person = Person::new(km_client::new_record_id(km_tests::now()));
        person.is(stored(1));
        person.perhaps(stored(2));
        person.perhaps(Fate::Erased);
        assert!(person.seen(&stored(3)).is_err() && person.seen(&Fate::Absent).is_err());
        person.seen(&stored(1)).expect("it was so, and the rest may still come");
        assert_eq!(person.possible().len(), 3);
        person.seen(&stored(2)).expect("it happened");
        assert!(person.seen(&stored(1)).is_err(), "a record does not go back");
        person.seen(&Fate::Erased).expect("it happened");
        assert_eq!(person.certain(), Some(&Fate::Erased));
        assert!(person.seen(&stored(2)).is_err(), "an erased record is read again");
    }
}

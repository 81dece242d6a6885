//! One event of the log: what it says, and the exact bytes that are hashed into the tree.

use std::collections::BTreeMap;

use km_domain::{FieldName, KeyId, RegisterName, SubjectHandle, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::kind::{EventKind, LIST_VERSION};

/// The largest integer that every JSON reader keeps (RFC 8785, section 3.2.2.3).
const LARGEST_NUMBER: u64 = (1 << 53) - 1;
/// Longest text of an event in bytes. The edges refuse longer names long before.
const LONGEST_TEXT: usize = 1024;

/// Why an event has no bytes, or bytes are no event. Names the member and the rule, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    #[error("{0} must be at most 1024 bytes without control characters, names in ASCII")]
    Text(&'static str),
    #[error("{0} must be at most 2^53-1")]
    Number(&'static str),
    #[error("the event is not of this version's form")]
    Malformed,
    #[error("the event is not in canonical form (RFC 8785)")]
    NotCanonical,
}

/// What happened, before the log gave it a number. It never holds a personal value: a person appears only as
/// [`SubjectHandle`]; `digests` are of ciphertext, or an HMAC under a token key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The version of the list of types that this event was written with.
    pub v: u32,
    pub kind: EventKind,
    /// When it happened, by the clock of the one that did it.
    pub time: Timestamp,
    pub actor: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_version: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<RegisterName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<SubjectHandle>,
    /// Names of the fields that were opened or searched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldName>,
    /// What else it is about: a certificate's serial number, an export's id, a key's thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// How many items or records it concerns.
    pub count: u64,
    pub outcome: Outcome,
    /// A stable code: why it was refused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Index of the intent that this outcome closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Named digests in lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digests: BTreeMap<String, String>,
    /// Named counts, such as `remaining` of a rewrap.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, u64>,
    /// Whether the service ran with `development = true`.
    pub development: bool,
    /// Names of the switches that make this installation less safe than it is by itself, as they stood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<String>,
    /// Random, so that the event cannot be guessed from its hash.
    #[serde(with = "hex::serde")]
    pub salt: [u8; 16],
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    pub kind: ActorKind,
    /// `ISSUER#SUBJECT` of a token, the URI name of a service's certificate, or the name of a job.
    pub name: String,
    /// URI name of the service through which the call came, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// A person or a backend with an access token.
    Principal,
    /// A service with a certificate.
    Service,
    /// The key manager of its own accord: a job, a start.
    System,
    /// Nobody who could prove a name.
    Unknown,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// An intent: it has not ended yet.
    Begun,
    Done,
    Refused,
    Failed,
}

impl Actor {
    pub fn principal(name: String) -> Self {
        Self { kind: ActorKind::Principal, name, service: None }
    }

    pub fn service(uri: String) -> Self {
        Self { kind: ActorKind::Service, name: uri, service: None }
    }

    pub fn system(name: &str) -> Self {
        Self { kind: ActorKind::System, name: name.to_owned(), service: None }
    }

    pub fn unknown() -> Self {
        Self { kind: ActorKind::Unknown, name: String::new(), service: None }
    }

    pub fn through(mut self, service_uri: String) -> Self {
        self.service = Some(service_uri);
        self
    }
}

impl Event {
    /// An event with nothing but what every event has; `salt` is fresh randomness. The outcome is `begun` for an intent
    /// and `done` for all else until set otherwise, the count is 1.
    pub fn new(kind: EventKind, time: Timestamp, actor: Actor, salt: [u8; 16]) -> Self {
        Self {
            v: LIST_VERSION,
            kind,
            time,
            actor,
            tenant: None,
            key: None,
            key_version: None,
            register: None,
            subjects: Vec::new(),
            fields: Vec::new(),
            object: None,
            purpose: None,
            case: None,
            basis: None,
            count: 1,
            outcome: if kind.closed_by().is_some() { Outcome::Begun } else { Outcome::Done },
            reason: None,
            intent: None,
            request_id: None,
            trace_id: None,
            digests: BTreeMap::new(),
            figures: BTreeMap::new(),
            development: false,
            switches: Vec::new(),
            salt,
        }
    }

    /// Whether the event can be written: texts and numbers within their bounds. [`LoggedEvent::leaf`] asks it again; ask
    /// it where the event is made, so that a bad one fails alone and not in a group commit.
    pub fn check(&self) -> Result<(), EventError> {
        let texts = [
            ("actor.name", Some(&self.actor.name)),
            ("actor.service", self.actor.service.as_ref()),
            ("object", self.object.as_ref()),
            ("purpose", self.purpose.as_ref()),
            ("case", self.case.as_ref()),
            ("basis", self.basis.as_ref()),
            ("reason", self.reason.as_ref()),
            ("request_id", self.request_id.as_ref()),
            ("trace_id", self.trace_id.as_ref()),
        ];
        let named = self.digests.iter().flat_map(|(name, digest)| [("digests", Some(name)), ("digests", Some(digest))]);
        let switched = self.switches.iter().map(|name| ("switches", Some(name)));
        let counted = self.figures.keys().map(|name| ("figures", Some(name)));
        for (member, text) in texts.into_iter().chain(named).chain(counted).chain(switched) {
            if text.is_some_and(|text| text.len() > LONGEST_TEXT || text.chars().any(char::is_control)) {
                return Err(EventError::Text(member));
            }
        }
        // Sorted as bytes and sorted as RFC 8785 says are one for ASCII only.
        if let Some(member) = [
            ("digests", self.digests.keys().all(|name| name.is_ascii())),
            ("figures", self.figures.keys().all(|name| name.is_ascii())),
        ]
        .into_iter()
        .find_map(|(member, holds)| (!holds).then_some(member))
        {
            return Err(EventError::Text(member));
        }
        let numbers = [("count", self.count), ("intent", self.intent.unwrap_or(0))];
        let figures = self.figures.values().map(|value| ("figures", *value));
        match numbers.into_iter().chain(figures).find(|(_, value)| *value > LARGEST_NUMBER) {
            Some((member, _)) => Err(EventError::Number(member)),
            None => Ok(()),
        }
    }
}

/// An event with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its place, counted from 0.
    pub index: u64,
    /// When the log took it; never less than its predecessor's.
    pub log_time: Timestamp,
    pub event: Event,
}

impl LoggedEvent {
    /// The bytes that are hashed into the tree: the event's members with `index` and `log_time` as one JSON object in
    /// canonical form (RFC 8785).
    pub fn leaf(&self) -> Result<Vec<u8>, EventError> {
        self.event.check()?;
        if self.index > LARGEST_NUMBER {
            return Err(EventError::Number("index"));
        }
        serde_json::to_vec(&Line::of(self)).map_err(|_| EventError::Malformed)
    }

    /// Reads a leaf back. Exactly the bytes that [`Self::leaf`] gives are accepted: no other order, spelling, repeated or
    /// unknown member.
    pub fn from_leaf(bytes: &[u8]) -> Result<Self, EventError> {
        let mut members: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(bytes).map_err(|_| EventError::Malformed)?;
        let index = members.remove("index").and_then(|index| index.as_u64()).ok_or(EventError::Malformed)?;
        let log_time = members.remove("log_time").ok_or(EventError::Malformed)?;
        let logged = Self {
            index,
            log_time: serde_json::from_value(log_time).map_err(|_| EventError::Malformed)?,
            event: serde_json::from_value(members.into()).map_err(|_| EventError::Malformed)?,
        };
        if logged.leaf()? == bytes { Ok(logged) } else { Err(EventError::NotCanonical) }
    }
}

/// A leaf's members in the order of their names, which makes a plain serialiser's bytes the canonical ones: there are no
/// fractions among the values, and names of digests and figures are sorted and ASCII. The commit thread writes every event, so
/// this is on the way of every answer; a test compares it with a serialiser that sorts.
#[derive(Serialize)]
struct Line<'a> {
    actor: &'a Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<&'a str>,
    count: u64,
    development: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    digests: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "<[FieldName]>::is_empty")]
    fields: &'a [FieldName],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    figures: &'a BTreeMap<String, u64>,
    index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a KeyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_version: Option<u32>,
    kind: EventKind,
    log_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    register: Option<&'a RegisterName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(with = "hex::serde")]
    salt: [u8; 16],
    #[serde(skip_serializing_if = "<[SubjectHandle]>::is_empty")]
    subjects: &'a [SubjectHandle],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    switches: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a TenantId>,
    time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    v: u32,
}

impl<'a> Line<'a> {
    fn of(logged: &'a LoggedEvent) -> Self {
        let event = &logged.event;
        Self {
            actor: &event.actor,
            basis: event.basis.as_deref(),
            case: event.case.as_deref(),
            count: event.count,
            development: event.development,
            digests: &event.digests,
            fields: &event.fields,
            figures: &event.figures,
            index: logged.index,
            intent: event.intent,
            key: event.key.as_ref(),
            key_version: event.key_version,
            kind: event.kind,
            log_time: logged.log_time,
            object: event.object.as_deref(),
            outcome: event.outcome,
            purpose: event.purpose.as_deref(),
            reason: event.reason.as_deref(),
            register: event.register.as_ref(),
            request_id: event.request_id.as_deref(),
            salt: event.salt,
            subjects: &event.subjects,
            switches: &event.switches,
            tenant: event.tenant.as_ref(),
            time: event.time,
            trace_id: event.trace_id.as_deref(),
            v: event.v,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged() -> LoggedEvent {
        let mut event = Event::new(
            EventKind::RecordOpened,
            Timestamp::from_micros(1_700_000_000_123_456),
            Actor::principal("https://issuer#ana".to_owned()).through("spiffe://sealkeep/demo/registry/one".to_owned()),
            [0xab; 16],
        );
        event.v = 1;
        event.tenant = Some("demo".parse().unwrap());
        event.subjects = vec![SubjectHandle::from_bytes([7; 16])];
        event.figures.insert("remaining".to_owned(), 12);
        LoggedEvent { index: 41, log_time: Timestamp::from_seconds(1_700_000_001), event }
    }

    /// The form that data depends on: a change here is a change of every leaf ever hashed.
    #[test]
    fn the_leaf_has_this_form() {
        let expected = concat!(
            r#"{"actor":{"kind":"principal","name":"https://issuer#ana","service":"spiffe://sealkeep/demo/registry/one"},"#,
            r#""count":1,"development":false,"figures":{"remaining":12},"index":41,"kind":"record.opened","#,
            r#""log_time":"2023-11-14T22:13:21Z","outcome":"done","salt":"abababababababababababababababab","#,
            r#""subjects":["07070707070707070707070707070707"],"tenant":"demo","time":"2023-11-14T22:13:20.123456Z","v":1}"#
        );
        assert_eq!(String::from_utf8(logged().leaf().unwrap()).unwrap(), expected);
        assert_eq!(LoggedEvent::from_leaf(expected.as_bytes()), Ok(logged()));
    }

    /// Every member set, and texts with all that JSON escapes: the bytes are those of a serialiser that sorts and escapes as
    /// RFC 8785 says.
    #[test]
    fn the_leaf_is_canonical() {
        let mut full = logged();
        let text = || Some("\"\\/ é \u{10ffff} \u{2028}".to_owned());
        let event = &mut full.event;
        event.key = Some("demo-key".parse().unwrap());
        event.key_version = Some(3);
        event.register = Some("individual".parse().unwrap());
        event.fields = vec!["given_name".parse().unwrap()];
        (event.object, event.purpose, event.case, event.basis) = (text(), text(), text(), text());
        (event.reason, event.request_id, event.trace_id) = (text(), text(), text());
        event.intent = Some(LARGEST_NUMBER);
        event.switches = vec!["anonymous_principal".into(), "plain_http".into()];
        event.digests =
            BTreeMap::from([("jwe".into(), "00".into()), ("a".into(), "ff".into()), ("B".into(), "".into())]);
        let sorted = serde_json_canonicalizer::to_vec(&Line::of(&full)).unwrap();
        assert_eq!(full.leaf().unwrap(), sorted);
        assert_eq!(LoggedEvent::from_leaf(&sorted), Ok(full));
    }

    #[test]
    fn only_the_one_form_is_read() {
        let leaf = String::from_utf8(logged().leaf().unwrap()).unwrap();
        let spaced = leaf.replace(r#""count":1"#, r#""count": 1"#);
        let repeated = leaf.replace(r#""count":1"#, r#""count":2,"count":1"#);
        let unknown = leaf.replace(r#""count":1"#, r#""count":1,"countx":1"#);
        let other_kind = leaf.replace("record.opened", "record.other");
        let trailing = format!("{leaf}\n");
        for bad in [spaced, repeated, unknown, other_kind, trailing] {
            assert!(LoggedEvent::from_leaf(bad.as_bytes()).is_err());
        }
    }

    #[test]
    fn bounds_are_kept() {
        let mut long = logged();
        long.event.reason = Some("x".repeat(LONGEST_TEXT + 1));
        assert_eq!(long.leaf(), Err(EventError::Text("reason")));
        let mut large = logged();
        large.event.count = LARGEST_NUMBER + 1;
        assert_eq!(large.leaf(), Err(EventError::Number("count")));
    }
}

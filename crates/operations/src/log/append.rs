//! The registry's own events: refusals, lists, definition changes.

use km_audit::{Event, EventKind, Outcome};
use km_domain::ServiceIdentity;
use km_storage::Unrecorded;

use crate::{Caller, Operation, OperationError, Operations, caller::service_event};

/// One event as the registry reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryEvent {
    pub kind: String,
    pub register: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    pub reason: String,
    pub count: u64,
    pub request_id: String,
    pub digest: String,
}

/// Most events in one call.
const MOST: usize = 1000;

/// Appends the registry's events. The caller is named where the registry passed a token on.
pub fn append(
    operations: &Operations,
    service: &ServiceIdentity,
    caller: Option<&Caller>,
    events: &[RegistryEvent],
) -> Operation<()> {
    if events.is_empty() || events.len() > MOST {
        return Unrecorded::unremarkable(Err(OperationError::invalid("events", "must be from 1 to 1000")));
    }
    match events.iter().map(|said| event(operations, service, caller, said)).collect::<Result<Vec<_>, _>>() {
        Ok(events) => Unrecorded::many(Ok(()), events),
        Err(error) => Unrecorded::unremarkable(Err(error)),
    }
}

fn event(
    operations: &Operations,
    service: &ServiceIdentity,
    caller: Option<&Caller>,
    said: &RegistryEvent,
) -> Result<Event, OperationError> {
    let kind = EventKind::from_name(&said.kind)
        .filter(|kind| kind.registry_may_write())
        .ok_or_else(|| OperationError::invalid("kind", "must be a type that the registry may write"))?;
    let mut event = match caller {
        Some(caller) => caller.event(operations, kind),
        None => service_event(operations, kind, service),
    };
    // It happened at this registry: somebody of another tenant who tried stands in the log of those who were tried.
    event.tenant = Some(service.tenant.clone());
    event.outcome = match said.outcome.as_str() {
        "done" => Outcome::Done,
        "refused" => Outcome::Refused,
        "failed" => Outcome::Failed,
        _ => return Err(OperationError::invalid("outcome", "must be done, refused or failed")),
    };
    event.register = match said.register.as_str() {
        "" => None,
        name => Some(name.parse().map_err(|_| OperationError::invalid("register", "must be a register's name"))?),
    };
    event.count = said.count;
    let code = |text: &str| {
        text.len() <= 64 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !said.reason.is_empty() {
        if !code(&said.reason) {
            return Err(OperationError::invalid("reason", "must be a code"));
        }
        event.reason = Some(said.reason.clone());
    }
    if !said.request_id.is_empty() {
        event.request_id = Some(said.request_id.chars().take(64).collect());
    }
    if !said.digest.is_empty() {
        if said.digest.len() != 64 || !said.digest.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(OperationError::invalid("digest", "must be a SHA-256 in hexadecimal"));
        }
        event.digests.insert("registry".into(), said.digest.clone());
    }
    event.check().map_err(|error| OperationError::invalid("event", error.to_string()))?;
    Ok(event)
}

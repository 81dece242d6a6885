//! Who calls, and the events that say so.

use std::sync::Arc;

use km_audit::{Actor, Event, EventKind, Outcome};
use km_crypto::random;
use km_domain::{Principal, ServiceIdentity, TenantId, Timestamp};
use km_policy::Action;
use km_storage::Unrecorded;

use crate::{Operation, OperationError, Operations};

/// The caller of an operation, as the door verified it.
#[derive(Debug, Clone)]
pub struct Caller {
    pub principal: Arc<Principal>,
    /// The service through which the call came.
    pub service: Option<ServiceIdentity>,
    pub request_id: Option<String>,
    pub trace_id: Option<String>,
}

impl Caller {
    pub fn tenant(&self) -> &TenantId {
        &self.principal.tenant
    }

    /// Whether the caller may do this: role, step-up, and for a call through a service the same tenant.
    pub fn may(&self, action: Action, now: Timestamp) -> Result<(), OperationError> {
        if self.service.as_ref().is_some_and(|service| service.tenant != self.principal.tenant) {
            return Err(OperationError::refused(
                "tenant-mismatch",
                "the service and the caller belong to different tenants",
            ));
        }
        Ok(km_policy::authorise(&self.principal, action, now)?)
    }

    /// An event by this caller.
    pub fn event(&self, operations: &Operations, kind: EventKind) -> Event {
        let mut actor = Actor::principal(self.principal.name());
        if let Some(service) = &self.service {
            actor = actor.through(service.uri());
        }
        let mut event = Event::new(kind, operations.clock.now(), actor, random::bytes());
        event.tenant = Some(self.tenant().clone());
        event.request_id.clone_from(&self.request_id);
        event.trace_id.clone_from(&self.trace_id);
        operations.rules.mark(&mut event);
        event
    }

    /// An operation that ended in a refusal, with its event.
    pub fn refuse<T>(&self, operations: &Operations, kind: EventKind, error: OperationError) -> Operation<T> {
        let event = refused(self.event(operations, kind), &error);
        Unrecorded::new(Err(error), event)
    }
}

/// Turns an event into one that says that the operation was refused, or failed where it was no fault of the caller.
pub(crate) fn refused(mut event: Event, error: &OperationError) -> Event {
    event.outcome = match error {
        OperationError::Unavailable(_) | OperationError::Stale => Outcome::Failed,
        _ => Outcome::Refused,
    };
    event.reason = Some(error.code().to_owned());
    event
}

/// An event of the key manager itself: a job or a start.
pub fn system_event(operations: &Operations, kind: EventKind, name: &str) -> Event {
    let mut event = Event::new(kind, operations.clock.now(), Actor::system(name), random::bytes());
    operations.rules.mark(&mut event);
    event
}

/// An event of a service of ours that calls for itself; it stands in the log of the service's tenant.
pub(crate) fn service_event(operations: &Operations, kind: EventKind, service: &ServiceIdentity) -> Event {
    let mut event = Event::new(kind, operations.clock.now(), Actor::service(service.uri()), random::bytes());
    event.tenant = Some(service.tenant.clone());
    operations.rules.mark(&mut event);
    event
}

//! Refusals that happen before any operation: a bad token, a certificate of the wrong kind.

use km_audit::{Actor, Event, EventKind, Outcome};
use km_storage::Unrecorded;

use crate::{Operation, Operations};

/// Records a refusal at a door. `actor` is the URI name of a certificate, or empty.
pub fn refused_at_the_door(
    operations: &Operations,
    actor: &str,
    reason: &str,
    request_id: Option<&str>,
) -> Operation<()> {
    let who = if actor.is_empty() { Actor::unknown() } else { Actor::service(actor.to_owned()) };
    let mut event = Event::new(EventKind::AccessRefused, operations.clock.now(), who, km_crypto::random::bytes());
    event.tenant = km_domain::ServiceIdentity::from_uri(actor).map(|identity| identity.tenant);
    event.outcome = Outcome::Refused;
    event.reason = Some(reason.to_owned());
    event.request_id = request_id.map(str::to_owned);
    operations.rules.mark(&mut event);
    Unrecorded::new(Ok(()), event)
}

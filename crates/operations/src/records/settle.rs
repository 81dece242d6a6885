//! What the registry did with seals: stored ones are confirmed, those that it never stored are withdrawn.

use km_audit::EventKind;
use km_domain::{RecordId, RegisterName, ServiceIdentity};
use km_storage::{SubjectId, Unrecorded, Write};

use crate::{Operation, OperationError, Operations, caller::service_event};

/// One side of a settlement: register, record and version.
pub type Settled = (RegisterName, RecordId, u32);

/// Seals that the registry stored, and seals that it did not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    pub confirmed: Vec<Settled>,
    pub withdrawn: Vec<Settled>,
}

/// Most seals settled in one call.
const MOST: usize = 10_000;

/// Settles. Only an unconfirmed seal can be withdrawn; each withdrawal is an event of its own, for it undoes what a sender
/// was given a receipt for.
pub fn settle(operations: &Operations, service: &ServiceIdentity, settlement: &Settlement) -> Operation<()> {
    if settlement.confirmed.len() + settlement.withdrawn.len() > MOST {
        let error = OperationError::invalid("settlement", "must hold at most 10000 seals");
        return Unrecorded::unremarkable(Err(error));
    }
    let event = |kind| service_event(operations, kind, service);
    let id = |(register, record, _): &Settled| SubjectId {
        tenant: service.tenant.clone(),
        register: register.clone(),
        record: *record,
    };
    let mut events = Vec::new();
    let mut writes: Vec<Write> =
        settlement.confirmed.iter().map(|settled| Write::confirm_subject(&id(settled), settled.2)).collect();
    if !settlement.confirmed.is_empty() {
        let mut confirmed = event(EventKind::RecordSealConfirmed);
        confirmed.count = settlement.confirmed.len() as u64;
        events.push(confirmed);
    }
    for settled in &settlement.withdrawn {
        writes.push(Write::withdraw_subject(&id(settled), settled.2));
        let mut withdrawn = event(EventKind::RecordSealWithdrawn);
        withdrawn.register = Some(settled.0.clone());
        events.push(withdrawn);
    }
    Unrecorded::many(Ok(()), events).with_all(writes)
}

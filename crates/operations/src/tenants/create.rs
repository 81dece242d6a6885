//! An officer of the operators' tenant makes a tenant and its keys, in short steps. Each step makes one thing that is missing
//! and commits it, so that whatever was interrupted is finished by asking again, and a complete tenant stays as it is.

use km_audit::{Event, EventKind};
use km_domain::{KeyId, TenantId};
use km_policy::Action;
use km_storage::{Unrecorded, Write};

use crate::{Caller, Operation, OperationError, Operations, Record, caller::refused, keys::missing};

/// Makes the next thing that the tenant lacks and returns its name; none when nothing is missing. Keys serve from the next
/// keyring load on.
///
/// Errors: the caller may not; the name is the installation's own; somebody else made the same thing at the same time
/// (`tenant-exists`, `key-exists`: load the keyring and go on).
pub fn create_step(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    tenant: &TenantId,
) -> Operation<Option<String>> {
    // 1. May the caller, and what is missing?
    let next = allowed(operations, caller, tenant).and_then(|()| {
        if !operations.storage.tenants()?.contains(tenant) {
            return Ok(Next::Tenant);
        }
        let missing = missing(operations, &operations.keyring.keys(), tenant)?;
        Ok(missing.into_iter().next().map_or(Next::Nothing, Next::Key))
    });
    // 2. Make that one thing.
    match next {
        Err(error) => caller.refuse(operations, EventKind::TenantCreated, error),
        Ok(Next::Nothing) => Unrecorded::unremarkable(Ok(None)),
        Ok(Next::Tenant) => {
            // In the log of the officer's tenant; the new one's begins with its keys.
            let mut event = caller.event(operations, EventKind::TenantCreated);
            event.object = Some(format!("tenant {tenant}"));
            let write = Write::insert_tenant(tenant, operations.clock.now());
            Unrecorded::new(Ok(Some(format!("tenant {tenant}"))), event).with(write)
        }
        Ok(Next::Key(wanted)) => {
            let event = |kind| event_of(operations, caller, tenant, &wanted.id, kind);
            let begun = match record.record(Unrecorded::new((), event(EventKind::KeyCreateIntent))) {
                Ok(recorded) => recorded.placed.map(|placed| placed.log_index),
                Err(error) => return Unrecorded::unremarkable(Err(error.into())),
            };
            let mut outcome = event(EventKind::KeyCreateOutcome);
            outcome.key_version = Some(1);
            outcome.intent = begun;
            match wanted.make(operations, &operations.keyring.keys(), tenant) {
                Ok((key, version)) => {
                    let conflict = refused(outcome.clone(), &OperationError::Conflict("key-exists"));
                    Unrecorded::new(Ok(Some(format!("{tenant}/{}", wanted.id))), outcome)
                        .with(Write::insert_key(key))
                        .with(Write::insert_key_version(version))
                        .changing_state()
                        .or_on_conflict(conflict)
                }
                Err(error) => {
                    let event = refused(outcome, &error);
                    Unrecorded::new(Err(error), event)
                }
            }
        }
    }
}

/// The end of it: what the steps have made. Each of them is recorded already.
pub fn made(names: Vec<String>) -> Operation<Vec<String>> {
    Unrecorded::unremarkable(Ok(names))
}

enum Next {
    Tenant,
    Key(crate::keys::Wanted),
    Nothing,
}

fn allowed(operations: &Operations, caller: &Caller, tenant: &TenantId) -> Result<(), OperationError> {
    caller.may(Action::CreateTenant, operations.clock.now())?;
    if operations.rules.operators_tenant.as_ref() != Some(caller.tenant()) {
        return Err(OperationError::refused(
            "not-operators-tenant",
            "only officers of the tenant that configuration names as operators_tenant make tenants",
        ));
    }
    if tenant.is_system() {
        return Err(OperationError::invalid("name", "must not be the installation's own"));
    }
    Ok(())
}

/// By the officer, in the log of the new tenant.
fn event_of(operations: &Operations, caller: &Caller, tenant: &TenantId, key: &KeyId, kind: EventKind) -> Event {
    let mut event = caller.event(operations, kind);
    event.tenant = Some(tenant.clone());
    event.key = Some(key.clone());
    event
}

//! The inventory of a tenant's keys.

use std::sync::Arc;

use km_audit::EventKind;
use km_policy::{Action, Denied};
use km_storage::Unrecorded;

use crate::{Caller, Key, Operation, Operations};

/// All keys of the caller's tenant, by id. Reading public facts uses no key and leaves no event.
pub fn list(operations: &Operations, caller: &Caller) -> Operation<Vec<Arc<Key>>> {
    if let Err(error) = caller.may(Action::ListKeys, operations.clock.now()) {
        return caller.refuse(operations, EventKind::AccessRefused, error);
    }
    let keys = operations.keyring.keys();
    Unrecorded::unremarkable(Ok(keys.tenant_keys(caller.tenant()).into_iter().map(Arc::clone).collect()))
}

/// One key of the caller's tenant.
pub fn show(operations: &Operations, caller: &Caller, id: &str) -> Operation<Arc<Key>> {
    if let Err(error) = caller.may(Action::ListKeys, operations.clock.now()) {
        return caller.refuse(operations, EventKind::AccessRefused, error);
    }
    let keys = operations.keyring.keys();
    match keys.key(caller.tenant(), id) {
        Some(key) => Unrecorded::unremarkable(Ok(Arc::clone(key))),
        None => caller.refuse(operations, EventKind::AccessRefused, Denied::Key.into()),
    }
}

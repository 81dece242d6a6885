//! Refusals that the dialect's door decides about, with their events.

use km_audit::EventKind;
use km_policy::Denied;

use crate::{Caller, Operation, Operations};

/// Records that the roles of a caller are not on an endpoint's list, or that the caller belongs to another tenant.
pub fn role_missing(operations: &Operations, caller: &Caller) -> Operation<()> {
    caller.refuse(operations, EventKind::AccessRefused, Denied::Role.into())
}

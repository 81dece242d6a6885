//! A policy, set by an officer.

use km_audit::EventKind;
use km_storage::Unrecorded;

use super::admitted;
use crate::{
    Caller, Operation, OperationError, Operations,
    mosip::{PolicyPlan, bootstrap},
};

/// Sets the policy of an application. Whether it was changed: one that stands so already stays as it is.
///
/// Errors: the list of users is none.
pub fn set_policy(operations: &Operations, caller: &Caller, policy: &PolicyPlan) -> Operation<bool> {
    if let Err(error) = admitted(operations, caller) {
        return caller.refuse(operations, EventKind::PolicySet, error);
    }
    // Nobody is called so, and a list that is separated by blanks would admit nobody.
    if policy.access.split(',').any(|user| user.trim().contains(|one: char| one.is_whitespace() || one.is_control())) {
        let rule = "must be NA, or user names separated by commas";
        return caller.refuse(operations, EventKind::PolicySet, OperationError::invalid("access", rule));
    }
    let keys = operations.keyring.keys();
    if !bootstrap::differs(&keys, caller.tenant(), policy) {
        return Unrecorded::unremarkable(Ok(false));
    }
    let event = |kind| caller.event(operations, kind);
    bootstrap::set_policy(operations, &keys, caller.tenant(), &event, policy).map(|done| done.map(|_| true))
}

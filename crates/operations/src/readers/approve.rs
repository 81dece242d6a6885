//! An officer approves an enrolment. Nobody approves their own.

use km_audit::EventKind;
use km_policy::Action;
use km_storage::{Unrecorded, Write};

use super::enrol::{EnrolledKey, KeyStanding};
use crate::{Caller, Operation, OperationError, Operations, keys::seal_row};

/// Enrolled keys of the officer's tenant.
pub fn waiting(operations: &Operations, caller: &Caller) -> Operation<Vec<EnrolledKey>> {
    if let Err(error) = caller.may(Action::ApproveEnrolment, operations.clock.now()) {
        return caller.refuse(operations, EventKind::AccessRefused, error);
    }
    let rows = operations.storage.reader_keys(caller.tenant());
    Unrecorded::unremarkable(rows.map(|rows| rows.iter().map(EnrolledKey::of).collect()).map_err(OperationError::from))
}

/// Makes a waiting key active.
pub fn approve(operations: &Operations, caller: &Caller, thumbprint: &str) -> Operation<EnrolledKey> {
    let now = operations.clock.now();
    let row = caller.may(Action::ApproveEnrolment, now).and_then(|()| {
        let mut row =
            operations.storage.reader_key(caller.tenant(), thumbprint)?.ok_or(OperationError::NotFound("enrolment"))?;
        if row.principal == caller.principal.name() {
            return Err(OperationError::refused("own-enrolment", "nobody approves their own key"));
        }
        if KeyStanding::of(&row) != KeyStanding::Waiting {
            return Err(OperationError::Conflict("enrolment-not-waiting"));
        }
        row.state = KeyStanding::Active.name().to_owned();
        row.approved_by = caller.principal.name();
        row.integrity = seal_row(operations, &operations.keyring.keys(), &row.covered())?;
        Ok(row)
    });
    let row = match row {
        Ok(row) => row,
        Err(error) => return caller.refuse(operations, EventKind::EnrolmentApproved, error),
    };
    let mut event = caller.event(operations, EventKind::EnrolmentApproved);
    event.object = Some(format!("key {} of {}", row.thumbprint, row.principal));
    let conflict = crate::caller::refused(event.clone(), &OperationError::Conflict("enrolment-not-waiting"));
    Unrecorded::new(Ok(EnrolledKey::of(&row)), event)
        .with(Write::approve_reader_key(row))
        .changing_state()
        .or_on_conflict(conflict)
}

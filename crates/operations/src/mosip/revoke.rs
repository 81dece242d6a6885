//! A key taken out of use before its time. It decrypts and verifies on; the next call that needs one makes another.

use km_audit::EventKind;
use km_domain::Timestamp;
use km_storage::Unrecorded;

use super::{
    Fault, KeyName,
    certificate::about,
    renew::rules,
    retire::{end_all, unchanged},
};
use crate::{Caller, Operation, OperationError, Operations, caller::refused};

/// Ends the current key of a name.
///
/// Errors: KERNEL and SIGN; not exactly one is current.
pub fn revoke(operations: &Operations, caller: &Caller, name: &KeyName) -> Operation<Timestamp> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    let found = rules(operations).and_then(|rules| {
        if !rules.admit(caller, name) {
            return Err(OperationError::Mosip(Fault::NoPolicy));
        }
        if name.is_kernel_sign() {
            return Err(OperationError::Mosip(Fault::RevocationNotAllowed));
        }
        let current = keys.mosip.current(caller.tenant(), name, now).map_err(OperationError::Mosip)?;
        let alias = current.ok_or(OperationError::Mosip(Fault::MoreThanOneCurrent))?;
        Ok((alias, end_all(operations, &keys, caller.tenant(), name, now)?))
    });
    match found {
        Ok((alias, writes)) => {
            let mut event = caller.event(operations, EventKind::KeyDeactivated);
            about(&mut event, alias);
            let conflict = refused(event.clone(), &OperationError::Conflict("mosip-alias-changed"));
            Unrecorded::new(Ok(now), event)
                .with(unchanged(&keys, caller.tenant(), name))
                .with_all(writes)
                .changing_state()
                .or_on_conflict(conflict)
        }
        Err(error) => caller.refuse(operations, EventKind::KeyDeactivated, error),
    }
}

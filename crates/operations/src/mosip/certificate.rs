//! The current certificate of a name.

use km_audit::EventKind;
use km_domain::Timestamp;
use km_storage::Unrecorded;

use super::{Alias, Fault, KeyName, renew::rules};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// A certificate as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// PEM.
    pub certificate: String,
    /// The certificate's own times.
    pub issued: Timestamp,
    pub expires: Timestamp,
    pub now: Timestamp,
}

/// The current certificate. Where none is current, a key has to be made first, which the door orders ([`Fault::Due`]).
///
/// Errors: the master key was never made; more than one is current.
pub fn certificate(operations: &Operations, caller: &Caller, name: &KeyName) -> Operation<Found> {
    let keys = operations.keyring.keys();
    match find(operations, &keys, caller, name) {
        Ok((alias, found)) => {
            let mut event = caller.event(operations, EventKind::CertificateRead);
            about(&mut event, alias);
            Unrecorded::new(Ok(found), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::CertificateRead, error),
    }
}

fn find<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    name: &KeyName,
) -> Result<(&'a Alias, Found), OperationError> {
    if !rules(operations)?.admit(caller, name) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    let alias = current_or_due(operations, keys, caller, name)?;
    let certificate = alias.certified()?;
    let found = Found {
        certificate: certificate.to_pem(),
        issued: certificate.not_before,
        expires: certificate.not_after,
        now: operations.clock.now(),
    };
    Ok((alias, found))
}

/// The current alias; [`Fault::Due`] where one has to be made.
pub(super) fn current_or_due<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    name: &KeyName,
) -> Result<&'a Alias, OperationError> {
    let current = keys.mosip.current(caller.tenant(), name, operations.clock.now()).map_err(OperationError::Mosip)?;
    current.ok_or_else(|| OperationError::Mosip(Fault::Due(name.clone())))
}

/// Writes into an event which key it is about.
pub(super) fn about(event: &mut km_audit::Event, alias: &Alias) {
    event.key = alias.key.as_ref().map(|key| key.key.clone());
    event.key_version = alias.key.as_ref().map(|key| key.version);
    event.object = Some(alias.name.to_string());
}

/// A refusal with its event; a key that has to be made first is none.
pub(super) fn unless_due<T>(
    operations: &Operations,
    caller: &Caller,
    kind: EventKind,
    error: OperationError,
) -> Operation<T> {
    match error {
        OperationError::Mosip(Fault::Due(_)) => Unrecorded::unremarkable(Err(error)),
        error => caller.refuse(operations, kind, error),
    }
}

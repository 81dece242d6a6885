//! The certificate to which another installation encrypts its random keys on their way here.

use km_audit::EventKind;
use km_domain::Timestamp;
use km_storage::Unrecorded;

use crate::{
    Caller, Operation, OperationError, Operations,
    mosip::{
        Fault, KeyName,
        certificate::{about, current_or_due, unless_due},
        renew::rules,
    },
};

/// The certificate (PEM) and now. Where none is current, a key has to be made first, which the door orders ([`Fault::Due`]); it lives
/// for a day.
pub fn zk_transfer_certificate(operations: &Operations, caller: &Caller) -> Operation<(String, Timestamp)> {
    let (keys, name) = (operations.keyring.keys(), KeyName::zk_transfer());
    let found = rules(operations).and_then(|rules| {
        if !rules.admit_to_calls(caller, &name) {
            return Err(OperationError::Mosip(Fault::NoPolicy));
        }
        let alias = current_or_due(operations, &keys, caller, &name)?;
        Ok((alias, alias.certified()?.to_pem()))
    });
    match found {
        Ok((alias, pem)) => {
            let mut event = caller.event(operations, EventKind::CertificateRead);
            about(&mut event, alias);
            Unrecorded::new(Ok((pem, operations.clock.now())), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::CertificateRead, error),
    }
}

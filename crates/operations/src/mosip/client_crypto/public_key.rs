//! The public keys of this service.

use km_audit::EventKind;
use km_storage::Unrecorded;

use super::{decrypting, signing};
use crate::{
    Caller, Operation, OperationError, Operations,
    mosip::{
        Fault,
        certificate::{about, current_or_due, unless_due},
        renew::rules,
    },
};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKeyUse {
    Signing,
    Decrypting,
}

/// The key of today, DER. Where none is current, one has to be made first, which the door orders ([`Fault::Due`]).
///
/// Errors: the master key was never made.
pub fn client_public_key(operations: &Operations, caller: &Caller, which: ClientKeyUse) -> Operation<Vec<u8>> {
    let keys = operations.keyring.keys();
    let found = rules(operations).and_then(|rules| {
        let name = match which {
            ClientKeyUse::Signing => signing(operations)?,
            ClientKeyUse::Decrypting => decrypting(operations)?,
        };
        if !rules.admit(caller, &name) {
            return Err(OperationError::Mosip(Fault::NoPolicy));
        }
        let alias = current_or_due(operations, &keys, caller, &name)?;
        Ok((alias, alias.certified()?.spki.clone()))
    });
    match found {
        Ok((alias, spki)) => {
            let mut event = caller.event(operations, EventKind::CertificateRead);
            about(&mut event, alias);
            Unrecorded::new(Ok(spki), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::CertificateRead, error),
    }
}

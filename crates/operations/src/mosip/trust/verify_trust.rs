//! Whether a certificate leads to a root of a domain now.

use km_audit::EventKind;
use km_storage::Unrecorded;

use super::{admitted, judge::Judge, upload::strangers_pem};
use crate::{Caller, Operation, Operations};

/// Whether it does. That it does not is no error.
///
/// Errors: no such domain; it does not read.
pub fn verify_trust(operations: &Operations, caller: &Caller, domain: &str, pem: &str) -> Operation<bool> {
    let keys = operations.keyring.keys();
    let judged = admitted(operations, caller).and_then(|rules| {
        let domain = rules.domain(domain)?;
        let certificate = strangers_pem(pem)?;
        let (tenant, now) = (caller.tenant(), operations.clock.now());
        let is_trusted = Judge::of(operations, &keys)?.path((tenant, &domain), &certificate, &[], now).is_ok();
        Ok((domain, is_trusted))
    });
    match judged {
        Ok((domain, is_trusted)) => {
            let mut event = caller.event(operations, EventKind::Verify);
            event.object = Some(format!("{domain}/trust"));
            event.figures.insert("valid".into(), is_trusted.into());
            Unrecorded::new(Ok(is_trusted), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::Verify, error),
    }
}

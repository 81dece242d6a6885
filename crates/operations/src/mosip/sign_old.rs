//! The two oldest calls: a detached signature by KERNEL and SIGN over a text, and its verification.

use std::sync::Arc;

use km_audit::EventKind;
use km_domain::{SecretText, SignatureAlgorithm};
use km_envelope::{EnvelopeError, mosip::jws};
use km_formats::mosip::jws::{Header, ParsedHeader, Payload, SplitJws};
use km_storage::Unrecorded;

use super::{
    Alias, Fault, KeyName, Signed,
    certificate::about,
    presented::is_jws_by,
    renew::rules,
    signer::{of_today, permitted, recorded},
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// Signs a text: RS256, a header that says nothing else, no payload.
///
/// Errors: the policy of KERNEL does not list the caller; the key was never made; its certificate is outside its time.
pub fn sign_old(operations: &Operations, caller: &Caller, text: &SecretText) -> Operation<Signed> {
    let keys = operations.keyring.keys();
    recorded(operations, caller, &keys, sign(operations, &keys, caller, text))
}

fn sign<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    text: &SecretText,
) -> Result<(&'a Alias, Signed), OperationError> {
    let name = permitted(operations, keys, caller, &KeyName::kernel_sign())?;
    let signer = of_today(operations, keys, caller, &name)?;
    let (rs256, header, payload) = (SignatureAlgorithm::Rs256, Header::default(), text.expose().as_bytes());
    let signed = jws::sign(&*operations.keys, signer.key, rs256, &header, payload, false);
    match signed {
        Err(EnvelopeError::Refused) => Err(OperationError::Mosip(Fault::NotSigned)),
        jws => Ok((signer.alias, Signed { jws: jws?, now: signer.now })),
    }
}

/// Verifies such a signature with every key of KERNEL and SIGN whose certificate is in its time, the newest first: the signature does
/// not say which one made it.
///
/// Errors: none of them did.
pub fn validate_old(operations: &Operations, caller: &Caller, signature: &str, text: &SecretText) -> Operation<()> {
    let keys = operations.keyring.keys();
    match validate(operations, &keys, caller, signature, text) {
        Ok(alias) => {
            let mut event = caller.event(operations, EventKind::Verify);
            about(&mut event, &alias);
            event.figures.insert("valid".into(), true.into());
            Unrecorded::new(Ok(()), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::Verify, error),
    }
}

fn validate(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    signature: &str,
    text: &SecretText,
) -> Result<Arc<Alias>, OperationError> {
    let wrong = || OperationError::Mosip(Fault::NotValid);
    let name = KeyName::kernel_sign();
    if !rules(operations)?.admit(caller, &name) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    let token = SplitJws::parse(signature).map_err(|_| wrong())?;
    let header = ParsedHeader::parse(token.protected).map_err(|_| wrong())?;
    let payload = Payload::Bytes(text.expose().as_bytes());
    let now = operations.clock.now();
    let made = |alias: &&Arc<Alias>| {
        let certificate = alias.certificate.as_ref().filter(|certificate| certificate.is_valid_at(now));
        certificate.is_some_and(|certificate| is_jws_by(certificate, &token, &header, Some(payload)))
    };
    keys.mosip.aliases(caller.tenant(), &name).iter().rev().find(made).map(Arc::clone).ok_or_else(wrong)
}

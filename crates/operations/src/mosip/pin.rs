//! Encrypt and decrypt under a key that comes from a PIN. No key of ours takes part, so no application is asked for; the call is
//! recorded all the same.

use km_audit::EventKind;
use km_domain::{SecretBytes, SecretText};
use km_envelope::{EnvelopeError, mosip::pin};
use km_formats::mosip::pin::PinEnvelope;
use km_storage::Unrecorded;

use super::{Fault, renew::rules};
use crate::{Caller, Operation, OperationError, Operations};

/// Encrypts a text under a PIN, with as many iterations as configuration says.
pub fn encrypt_with_pin(
    operations: &Operations,
    caller: &Caller,
    pin: &SecretText,
    text: &SecretText,
) -> Operation<Vec<u8>> {
    let sealed = rules(operations)
        .and_then(|rules| pin::seal(pin, rules.pin_iterations, text.expose().as_bytes()).map_err(OperationError::from));
    recorded(operations, caller, EventKind::Encrypt, sealed)
}

/// Decrypts what [`encrypt_with_pin`] made.
///
/// Errors: not laid out so; another PIN, another number of iterations or a changed bit, and which is not said.
pub fn decrypt_with_pin(
    operations: &Operations,
    caller: &Caller,
    pin: &SecretText,
    data: &[u8],
) -> Operation<SecretBytes> {
    recorded(operations, caller, EventKind::Decrypt, open(operations, pin, data))
}

fn open(operations: &Operations, pin: &SecretText, data: &[u8]) -> Result<SecretBytes, OperationError> {
    let rules = rules(operations)?;
    let envelope = PinEnvelope::parse(data).map_err(|_| OperationError::Mosip(Fault::NotCiphertext))?;
    let opened = match pin::open(&envelope, pin, rules.pin_iterations) {
        Err(EnvelopeError::Refused) => return Err(OperationError::Mosip(Fault::NotOpened)),
        opened => opened?,
    };
    // It is answered as text, as which it was encrypted.
    match std::str::from_utf8(opened.expose()) {
        Ok(_) => Ok(opened),
        Err(_) => Err(OperationError::Mosip(Fault::NotOpened)),
    }
}

fn recorded<T>(
    operations: &Operations,
    caller: &Caller,
    kind: EventKind,
    outcome: Result<T, OperationError>,
) -> Operation<T> {
    match outcome {
        Ok(done) => Unrecorded::new(Ok(done), caller.event(operations, kind)),
        Err(error) => caller.refuse(operations, kind, error),
    }
}

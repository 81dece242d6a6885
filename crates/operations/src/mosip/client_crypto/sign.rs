//! Sign with the key of this service.

use km_domain::SecretBytes;
use km_envelope::{EnvelopeError, mosip::raw_signature};

use super::signing;
use crate::{
    Caller, Keys, Operation, OperationError, Operations,
    mosip::{
        Alias, Fault,
        signer::{of_today, permitted, recorded},
    },
};

/// An RS256 signature over the bytes.
///
/// Errors: no policy for the application, or one that does not list the caller; nothing to sign; bytes that would become a certificate or
/// the like; the key was never made.
pub fn client_sign(operations: &Operations, caller: &Caller, message: &SecretBytes) -> Operation<Vec<u8>> {
    let keys = operations.keyring.keys();
    recorded(operations, caller, &keys, signature(operations, &keys, caller, message))
}

fn signature<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    message: &SecretBytes,
) -> Result<(&'a Alias, Vec<u8>), OperationError> {
    let name = permitted(operations, keys, caller, &signing(operations)?)?;
    if message.is_empty() {
        return Err(OperationError::Mosip(Fault::Empty));
    }
    let signer = of_today(operations, keys, caller, &name)?;
    let algorithm = signer.algorithm("RS256")?;
    match raw_signature::sign(&*operations.keys, signer.key, algorithm, message.expose()) {
        Err(EnvelopeError::Refused) => Err(OperationError::Mosip(Fault::NotSignable)),
        signature => Ok((signer.alias, signature?)),
    }
}

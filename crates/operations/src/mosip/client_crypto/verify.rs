//! Verify a client's signature with the key that comes with it. That says who signed only to whoever knows whose key it is.

use km_audit::{EventKind, digest::hex_sha256};
use km_domain::{SecretBytes, SignatureAlgorithm};
use km_storage::Unrecorded;

use super::{client_key, signing};
use crate::{
    Caller, Operation, OperationError, Operations,
    mosip::{Fault, renew::rules},
};

/// What is to be verified.
pub struct ToVerifyClient {
    pub message: SecretBytes,
    pub signature: Vec<u8>,
    /// DER, or as a TPM writes it.
    pub key: Vec<u8>,
}

/// Whether the signature is the key's: RSA with SHA-256 by PKCS #1.
///
/// Errors: not a key of a kind and size that is used.
pub fn client_verify(operations: &Operations, caller: &Caller, asked: &ToVerifyClient) -> Operation<bool> {
    match is_valid(operations, caller, asked) {
        Ok(is_valid) => {
            let mut event = caller.event(operations, EventKind::Verify);
            event.digests.insert("client_key".into(), hex_sha256(&asked.key));
            event.figures.insert("valid".into(), is_valid.into());
            Unrecorded::new(Ok(is_valid), event)
        }
        Err(error) => caller.refuse(operations, EventKind::Verify, error),
    }
}

fn is_valid(operations: &Operations, caller: &Caller, asked: &ToVerifyClient) -> Result<bool, OperationError> {
    if !rules(operations)?.admit(caller, &signing(operations)?) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    let (key, _) = client_key(&asked.key)?;
    Ok(key.verify(SignatureAlgorithm::Rs256, asked.message.expose(), &asked.signature).is_ok())
}

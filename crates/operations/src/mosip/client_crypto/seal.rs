//! Encrypt to a client's key.

use km_audit::{EventKind, digest::hex_sha256};
use km_domain::SecretBytes;
use km_envelope::{
    EnvelopeError,
    mosip::client_crypto::{Padding, seal},
};
use km_storage::Unrecorded;

use super::{FAILED, client_key, signing};
use crate::{
    Caller, Operation, OperationError, Operations,
    mosip::{Fault, renew::rules},
};

/// What kind of machine a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientType {
    Local,
    /// Its key store masks with SHA-1 only.
    Android,
    /// Its key stands as a TPM writes it, whatever the caller says.
    Tpm,
}

/// What is to be encrypted.
pub struct ToSealClient {
    pub plaintext: SecretBytes,
    /// DER, or as a TPM writes it.
    pub key: Vec<u8>,
    pub client: ClientType,
}

/// Encrypts under a key drawn for this call, which is encrypted to the client's key in the way that its machine decrypts.
///
/// Errors: not an RSA key of 2048 bits; nothing to encrypt.
pub fn client_seal(operations: &Operations, caller: &Caller, asked: &ToSealClient) -> Operation<Vec<u8>> {
    match sealed(operations, caller, asked) {
        Ok(sealed) => {
            let mut event = caller.event(operations, EventKind::Encrypt);
            event.digests.insert("client_key".into(), hex_sha256(&asked.key));
            Unrecorded::new(Ok(sealed), event)
        }
        Err(error) => caller.refuse(operations, EventKind::Encrypt, error),
    }
}

fn sealed(operations: &Operations, caller: &Caller, asked: &ToSealClient) -> Result<Vec<u8>, OperationError> {
    if !rules(operations)?.admit(caller, &signing(operations)?) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    let (key, is_tpm) = client_key(&asked.key)?;
    let padding = match asked.client {
        _ if is_tpm => Padding::Tpm,
        ClientType::Tpm => return Err(FAILED),
        ClientType::Local => Padding::Sha256,
        ClientType::Android => Padding::MaskedWithSha1,
    };
    match seal(&key, padding, asked.plaintext.expose()) {
        Err(EnvelopeError::Refused) => Err(FAILED),
        sealed => Ok(sealed?),
    }
}

//! Encrypt to the current certificate of a base key. The token is not needed.

use km_audit::EventKind;
use km_domain::SecretBytes;
use km_envelope::mosip::payload::{self, Certified};
use km_storage::Unrecorded;

use super::{
    Alias, Fault, KeyName,
    certificate::{about, current_or_due, unless_due},
    renew::rules,
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// What is to be encrypted, and for which key.
pub struct ToSeal {
    pub name: KeyName,
    pub plaintext: SecretBytes,
    /// The initialisation vector, where the caller keeps one.
    pub salt: Option<Vec<u8>>,
    pub aad: Option<Vec<u8>>,
}

/// Encrypts under a key drawn for this call, in the layout that salt and AAD choose.
///
/// Errors: a master key; no policy for the application, or one that does not list the caller; nothing to encrypt.
pub fn encrypt(operations: &Operations, caller: &Caller, asked: &ToSeal) -> Operation<Vec<u8>> {
    let keys = operations.keyring.keys();
    match seal(operations, &keys, caller, asked) {
        Ok((alias, sealed)) => {
            let mut event = caller.event(operations, EventKind::Encrypt);
            about(&mut event, alias);
            Unrecorded::new(Ok(sealed), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::Encrypt, error),
    }
}

fn seal<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    asked: &ToSeal,
) -> Result<(&'a Alias, Vec<u8>), OperationError> {
    // 1. May the caller, for this key?
    if asked.name.never_encrypts() {
        return Err(OperationError::Mosip(Fault::MasterEncrypts));
    }
    if !rules(operations)?.admit_user(keys, caller, &asked.name) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    if asked.plaintext.is_empty() {
        return Err(OperationError::Mosip(Fault::Empty));
    }
    // 2. To the certificate of today.
    let alias = current_or_due(operations, keys, caller, &asked.name)?;
    let certificate = alias.certified()?;
    let thumbprint = alias.thumbprint.as_ref().ok_or(OperationError::Mosip(Fault::CertificateMalformed))?;
    let recipient = Certified { public: certificate.public_key.clone(), thumbprint: *thumbprint };
    let (salt, aad) = (asked.salt.as_deref(), asked.aad.as_deref());
    let sealed = payload::seal(&recipient, salt, aad, asked.plaintext.expose())?;
    Ok((alias, sealed))
}

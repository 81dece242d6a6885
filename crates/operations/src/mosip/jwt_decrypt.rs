//! Open a JWE with the key whose certificate its `kid` names, whatever key is current today.

use std::sync::Arc;

use km_audit::EventKind;
use km_domain::{SecretBytes, SecretText, Timestamp};
use km_envelope::{EnvelopeError, mosip::jwe};
use km_formats::{base64url, mosip::jwe::ParsedJwe};
use km_storage::Unrecorded;

use super::{
    Alias, Fault, KeyName, Kind,
    certificate::about,
    decrypt::{named, opening_key},
    renew::rules,
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// What is to be opened.
pub struct ToOpenMessage {
    pub name: KeyName,
    /// Compact.
    pub message: SecretText,
    /// Bytes that a compressed text may become.
    pub most: usize,
}

/// What was in a message.
pub struct OpenedMessage {
    pub content: SecretBytes,
    pub now: Timestamp,
}

/// Opens.
///
/// Errors: no policy for the application, or one that does not list the caller; no such key; another application's, a master or somebody
/// else's key; it does not open, and why not is not said.
pub fn jwt_decrypt(operations: &Operations, caller: &Caller, asked: &ToOpenMessage) -> Operation<OpenedMessage> {
    let keys = operations.keyring.keys();
    match open(operations, &keys, caller, asked) {
        Ok((alias, content)) => {
            let mut event = caller.event(operations, EventKind::Decrypt);
            about(&mut event, &alias);
            let opened = OpenedMessage { content, now: operations.clock.now() };
            Unrecorded::new(Ok(opened), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::Decrypt, error),
    }
}

fn open(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    asked: &ToOpenMessage,
) -> Result<(Arc<Alias>, SecretBytes), OperationError> {
    // 1. May the caller? Asked before anything is looked up.
    let (tenant, name) = (caller.tenant(), &asked.name);
    if !rules(operations)?.admit_user(keys, caller, name) {
        return Err(OperationError::Mosip(Fault::DecryptDenied));
    }
    // 2. Which key?
    let closed = || OperationError::Mosip(Fault::NotOpened);
    let message = ParsedJwe::parse(asked.message.expose()).map_err(|_| closed())?;
    let thumbprint = message.kid.as_deref().and_then(|kid| base64url::decode(kid).ok()).ok_or_else(closed)?;
    let thumbprint: [u8; 32] = thumbprint.try_into().map_err(|_| closed())?;
    if keys.mosip.with_thumbprint(tenant, &thumbprint).iter().any(|alias| alias.kind == Kind::Master) {
        return Err(OperationError::Mosip(Fault::ForeignKey));
    }
    let alias = Arc::clone(named(operations, keys, caller, name, &thumbprint)?);
    // 3. With that key, in the token.
    let key = opening_key(&alias, keys, tenant)?;
    match jwe::open(&message, key, &*operations.keys, asked.most) {
        Err(EnvelopeError::Refused) => Err(closed()),
        opened => Ok((alias, opened?)),
    }
}

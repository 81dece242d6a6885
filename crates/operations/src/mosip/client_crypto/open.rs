//! Decrypt what a client encrypted to the key of this service.

use std::{collections::HashSet, sync::Arc};

use km_audit::EventKind;
use km_domain::SecretBytes;
use km_envelope::{EnvelopeError, mosip::client_crypto::open};
use km_formats::mosip::client_crypto::ClientEnvelope;
use km_storage::Unrecorded;

use super::{FAILED, decrypting};
use crate::{
    Caller, Keys, Operation, OperationError, Operations,
    mosip::{Alias, Fault, Kind, certificate::about, decrypt::opening_key, renew::rules},
};

/// What is to be decrypted.
pub struct ToOpenClient {
    pub data: SecretBytes,
    /// The public key that the caller names: if it is one of ours, it is tried first.
    pub key: Vec<u8>,
}

/// Nothing in the bytes says for which of the keys they are: at most so many are tried, the newest first.
const MOST: usize = 8;

/// Decrypts.
///
/// Errors: no policy for the application, or one that does not list the caller; it does not open, and why not is not said.
pub fn client_open(operations: &Operations, caller: &Caller, asked: &ToOpenClient) -> Operation<SecretBytes> {
    let keys = operations.keyring.keys();
    match opened(operations, &keys, caller, asked) {
        Ok((alias, opened)) => {
            let mut event = caller.event(operations, EventKind::Decrypt);
            about(&mut event, &alias);
            Unrecorded::new(Ok(opened), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::Decrypt, error),
    }
}

fn opened(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    asked: &ToOpenClient,
) -> Result<(Arc<Alias>, SecretBytes), OperationError> {
    // 1. May the caller? Asked before anything is looked up.
    let name = decrypting(operations)?;
    if !rules(operations)?.admit_user(keys, caller, &name) {
        return Err(OperationError::Mosip(Fault::DecryptDenied));
    }
    // 2. With which keys?
    let envelope = ClientEnvelope::parse(asked.data.expose()).map_err(|_| FAILED)?;
    let mut seen = HashSet::new();
    let own = keys.mosip.aliases(caller.tenant(), &name).iter().rev();
    let mut own: Vec<_> = own.filter(|alias| alias.kind == Kind::Base && seen.insert(&alias.key)).collect();
    let is_named = |alias: &Alias| alias.certificate.as_ref().is_some_and(|certificate| certificate.spki == asked.key);
    own.sort_by_key(|alias| !is_named(alias));
    // 3. In the token.
    for alias in own.into_iter().take(MOST) {
        let Ok(key) = opening_key(alias, keys, caller.tenant()) else { continue };
        match open(&envelope, key, &*operations.keys) {
            Err(EnvelopeError::Refused) => {}
            opened => return Ok((Arc::clone(alias), opened?)),
        }
    }
    Err(FAILED)
}

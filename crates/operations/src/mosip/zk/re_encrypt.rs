//! A random key that came encrypted to a recipient's certificate, wrapped for the recipient's own store.

use std::sync::Arc;

use km_audit::EventKind;
use km_envelope::{EnvelopeError, mosip::zk::open_random_key};
use km_formats::mosip::zk::{RandomKeyPart, parse_random_key};
use km_storage::Unrecorded;

use super::{admitted, wrapping_key};
use crate::{
    Caller, Keys, Operation, OperationError, Operations,
    mosip::{Alias, Fault, Kind, certificate::about, decrypt::opening_key, renew::rules},
};

/// Opens the part of `encryptedRandomKey` that is for a recipient whose key is here, and wraps it under the key of today: 40 bytes (RFC
/// 3394), where MOSIP has 32.
///
/// Errors: KERNEL or the recipient's application has no policy, or one that does not list the caller; not such parts; none is for a key
/// of ours; it does not open.
pub fn zk_re_encrypt(operations: &Operations, caller: &Caller, encrypted: &str) -> Operation<Vec<u8>> {
    let keys = operations.keyring.keys();
    match rewrapped(operations, &keys, caller, encrypted) {
        Ok((alias, wrapped)) => {
            let mut event = caller.event(operations, EventKind::Rewrap);
            about(&mut event, &alias);
            Unrecorded::new(Ok(wrapped), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::Rewrap, error),
    }
}

fn rewrapped(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    encrypted: &str,
) -> Result<(Arc<Alias>, Vec<u8>), OperationError> {
    // 1. May the caller?
    admitted(operations, keys, caller, Fault::DecryptDenied)?;
    // 2. The part that is for us.
    let fault = |fault| OperationError::Mosip(fault);
    let parts = parse_random_key(encrypted).map_err(|_| fault(Fault::ZkNotRandomKey))?;
    let ours = parts.iter().find_map(|part| Some((part, recipient(operations, keys, caller, part)?)));
    let (part, alias) = ours.ok_or(fault(Fault::ZkNotRandomKey))?;
    if !rules(operations)?.admit_user(keys, caller, &alias.name) {
        return Err(fault(Fault::DecryptDenied));
    }
    let (_, version) = wrapping_key(operations, keys, caller.tenant(), Fault::ZkNoKeys)?;
    // 3. Opened and wrapped in the token.
    let key = opening_key(&alias, keys, caller.tenant())?;
    let random_key = match open_random_key(part, key, &*operations.keys) {
        Err(EnvelopeError::Refused) => return Err(fault(Fault::ZkRandomKey)),
        opened => opened?,
    };
    Ok((alias, operations.keys.wrap_data_key(&version.stored, &random_key)?))
}

/// The key of a configured recipient for which the part is.
fn recipient(operations: &Operations, keys: &Keys, caller: &Caller, part: &RandomKeyPart) -> Option<Arc<Alias>> {
    let names = &rules(operations).ok()?.zk_recipients;
    let found = keys.mosip.with_thumbprint(caller.tenant(), &part.thumbprint);
    found.iter().find(|alias| alias.kind == Kind::Base && names.contains(&alias.name)).map(Arc::clone)
}

//! Decrypt what `encrypt` gave out, whatever key is current today.

use std::{collections::HashSet, sync::Arc};

use km_audit::EventKind;
use km_domain::{SecretBytes, TenantId};
use km_envelope::mosip::payload;
use km_formats::mosip::payload::SealedPayload;
use km_keystore::StoredKey;
use km_storage::Unrecorded;

use super::{Alias, Fault, KeyName, Kind, certificate::about, renew::rules};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// What is to be decrypted.
pub struct ToOpen {
    pub name: KeyName,
    pub data: SecretBytes,
    pub salt: Option<Vec<u8>>,
    pub aad: Option<Vec<u8>>,
}

/// Decrypts with the key whose certificate the data names. Data from before that names none: every base key of the name is tried.
///
/// Errors: no policy for the application, or one that does not list the caller; no such key; another application's or somebody else's
/// key; it does not open, and why not is not said.
pub fn decrypt(operations: &Operations, caller: &Caller, asked: &ToOpen) -> Operation<SecretBytes> {
    let keys = operations.keyring.keys();
    match open(operations, &keys, caller, asked) {
        Ok((alias, opened)) => {
            let mut event = caller.event(operations, EventKind::Decrypt);
            about(&mut event, &alias);
            Unrecorded::new(Ok(opened), event).checked_at(keys.epoch)
        }
        Err(OperationError::NotOpened) => {
            caller.refuse(operations, EventKind::Decrypt, OperationError::Mosip(Fault::NotOpened))
        }
        Err(error) => caller.refuse(operations, EventKind::Decrypt, error),
    }
}

fn open(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    asked: &ToOpen,
) -> Result<(Arc<Alias>, SecretBytes), OperationError> {
    // 1. May the caller? Asked before anything is looked up.
    let (tenant, name) = (caller.tenant(), &asked.name);
    if !rules(operations)?.admit_user(keys, caller, name) {
        return Err(OperationError::Mosip(Fault::DecryptDenied));
    }
    // 2. Which key?
    let sealed = SealedPayload::parse(asked.data.expose()).map_err(|_| OperationError::Mosip(Fault::NotCiphertext))?;
    let candidates = match &sealed.thumbprint {
        Some(thumbprint) => vec![Arc::clone(named(operations, keys, caller, name, thumbprint)?)],
        None => without_thumbprint(keys, tenant, name)?,
    };
    // 3. With that key, in the token.
    let mut outcome = Err(OperationError::NotOpened);
    for alias in candidates {
        // One that cannot be used does not keep the others from it.
        let key = match opening_key(&alias, keys, tenant) {
            Ok(key) => key,
            Err(error) => {
                outcome = Err(error);
                continue;
            }
        };
        let (salt, aad) = (asked.salt.as_deref(), asked.aad.as_deref());
        match payload::open(&sealed, salt, aad, key, &*operations.keys).map_err(OperationError::from) {
            Ok(opened) => return Ok((alias, opened)),
            Err(OperationError::NotOpened) => {}
            Err(error) => return Err(error),
        }
    }
    outcome
}

/// The one base key of ours with this thumbprint; the application must be its own, the reference need not. A key of an application
/// that the caller may not use looks like none.
pub(super) fn named<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    name: &KeyName,
    thumbprint: &[u8; 32],
) -> Result<&'a Arc<Alias>, OperationError> {
    let rules = rules(operations)?;
    let mut found: Vec<_> = keys.mosip.with_thumbprint(caller.tenant(), thumbprint).iter().collect();
    found.retain(|alias| rules.admit_user(keys, caller, &alias.name));
    let mut own = found.iter().filter(|alias| alias.kind == Kind::Base);
    let first = own.next();
    // A certificate that was put to its key twice names that one key.
    let mut others = own.filter(|alias| !first.is_some_and(|first| first.shares_key_with(alias)));
    let fault = match (first, others.next()) {
        (Some(only), None) if only.name.application == name.application => return Ok(only),
        (Some(_), None) => Fault::ThumbprintOfAnother,
        (Some(_), Some(_)) => Fault::ThumbprintTwice,
        (None, _) if found.iter().any(|alias| alias.kind == Kind::Foreign) => Fault::ForeignKey,
        // Nothing is encrypted to a master key.
        (None, _) => Fault::ThumbprintUnknown,
    };
    Err(OperationError::Mosip(fault))
}

/// Every base key of the name, oldest first: one of them, at the time of the older form, opened its own.
fn without_thumbprint(keys: &Keys, tenant: &TenantId, name: &KeyName) -> Result<Vec<Arc<Alias>>, OperationError> {
    let aliases = keys.mosip.aliases(tenant, name);
    let mut seen = HashSet::new();
    let own = aliases.iter().filter(|alias| alias.kind == Kind::Base && seen.insert(&alias.key));
    let own: Vec<_> = own.map(Arc::clone).collect();
    if own.is_empty() { Err(OperationError::Mosip(Fault::MoreThanOneCurrent)) } else { Ok(own) }
}

/// The private key of an alias, if it may still open.
pub(super) fn opening_key<'a>(
    alias: &Alias,
    keys: &'a Keys,
    tenant: &TenantId,
) -> Result<&'a StoredKey, OperationError> {
    let missing = || OperationError::Unavailable(format!("the key of {} is missing or altered", alias.name));
    let version = alias.version(keys, tenant).ok_or_else(missing)?;
    if !version.state.processes() {
        return Err(OperationError::refused("key-not-active", "the key was taken out of use"));
    }
    Ok(&version.stored)
}

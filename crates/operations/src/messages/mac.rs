//! HMAC-SHA-256 with a caller's key, inside the token.

use km_audit::EventKind;
use km_crypto::constant_time;
use km_domain::{KeyPurpose, SecretBytes};
use km_policy::Action;

use super::{Batch, conclude, key_event, usable};
use crate::{Caller, Operation, Operations};

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maced {
    pub mac: [u8; 32],
    pub version: u32,
}

/// Computes a code over every message with the key's current version.
pub fn mac(operations: &Operations, caller: &Caller, id: &str, messages: &[SecretBytes]) -> Operation<Batch<Maced>> {
    let keys = operations.keyring.keys();
    let key = match usable(operations, &keys, caller, Action::Mac, id, KeyPurpose::Mac) {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::Mac, error),
    };
    let version = match key.current() {
        Ok(version) => version,
        Err(error) => return caller.refuse(operations, EventKind::Mac, error),
    };
    let results = messages
        .iter()
        .map(|message| {
            Ok(Maced { mac: operations.keys.mac(&version.stored, message.expose())?, version: version.number })
        })
        .collect();
    conclude(&keys, key_event(operations, caller, EventKind::Mac, &key, Some(version.number)), results)
}

/// Says of every message and code whether a version of the key made it; compared in constant time.
pub fn verify_mac(
    operations: &Operations,
    caller: &Caller,
    id: &str,
    items: &[(SecretBytes, Vec<u8>)],
) -> Operation<Batch<bool>> {
    let keys = operations.keyring.keys();
    let key = match usable(operations, &keys, caller, Action::Mac, id, KeyPurpose::Mac) {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::Mac, error),
    };
    let results = items
        .iter()
        .map(|(message, code)| {
            let mut holds = false;
            for version in key.live() {
                holds |= constant_time::equal(&operations.keys.mac(&version.stored, message.expose())?, code);
            }
            Ok(holds)
        })
        .collect();
    conclude(&keys, key_event(operations, caller, EventKind::Mac, &key, None), results)
}

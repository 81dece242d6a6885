//! Move a ciphertext to the key's current version; the plaintext is not given out.

use km_audit::EventKind;
use km_domain::KeyPurpose;
use km_policy::Action;

use super::{Batch, Ciphertext, Encrypted, conclude, decrypt::open, encrypt::seal, key_event, usable};
use crate::{Caller, Operation, Operations, Record};

/// Rewraps every item: ciphertext and the context that it was encrypted with.
pub fn rewrap(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    id: &str,
    items: &[(Vec<u8>, Vec<u8>)],
) -> Operation<Batch<Encrypted>> {
    let keys = operations.keyring.keys();
    let key = match usable(operations, &keys, caller, Action::Rewrap, id, KeyPurpose::Encrypt) {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::Rewrap, error),
    };
    let version = match key.current() {
        Ok(version) => version,
        Err(error) => return caller.refuse(operations, EventKind::Rewrap, error),
    };
    let results = items
        .iter()
        .map(|(ciphertext, context)| {
            let plaintext = open(operations, &key, &Ciphertext::parse(ciphertext)?, context)?;
            let fresh = seal(operations, record, &key, version, &plaintext, context)?;
            Ok(Encrypted { ciphertext: fresh.to_bytes(), version: version.number })
        })
        .collect();
    conclude(&keys, key_event(operations, caller, EventKind::Rewrap, &key, Some(version.number)), results)
}

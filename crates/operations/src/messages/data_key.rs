//! Data keys for callers that encrypt by themselves: the key in clear, once, and its wrapped form to keep.

use km_audit::EventKind;
use km_domain::{KeyPurpose, SecretBytes};
use km_policy::Action;

use super::{Batch, Ciphertext, conclude, decrypt::open, encrypt::seal, key_event, usable};
use crate::{Caller, Operation, Operations, Record};

/// A data key in both forms.
pub struct DataKey {
    /// 32 bytes.
    pub plaintext: SecretBytes,
    /// A ciphertext of the key that it was asked under.
    pub wrapped: Vec<u8>,
    pub version: u32,
}

/// A new data key for every context.
pub fn new_data_keys(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    id: &str,
    contexts: &[Vec<u8>],
) -> Operation<Batch<DataKey>> {
    let keys = operations.keyring.keys();
    let key = match usable(operations, &keys, caller, Action::DataKey, id, KeyPurpose::Encrypt) {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::DataKey, error),
    };
    let version = match key.current() {
        Ok(version) => version,
        Err(error) => return caller.refuse(operations, EventKind::DataKey, error),
    };
    let results = contexts
        .iter()
        .map(|context| {
            let plaintext = operations.keys.random(32)?;
            let wrapped = seal(operations, record, &key, version, &plaintext, context)?.to_bytes();
            Ok(DataKey { plaintext, wrapped, version: version.number })
        })
        .collect();
    conclude(&keys, key_event(operations, caller, EventKind::DataKey, &key, Some(version.number)), results)
}

/// Unwraps every data key. The wrapped form names its key; all items must name the same one.
pub fn unwrap_data_keys(
    operations: &Operations,
    caller: &Caller,
    id: &str,
    items: &[(Vec<u8>, Vec<u8>)],
) -> Operation<Batch<SecretBytes>> {
    let keys = operations.keyring.keys();
    let key = match usable(operations, &keys, caller, Action::DataKey, id, KeyPurpose::Encrypt) {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::DataKeyUnwrap, error),
    };
    let results =
        items.iter().map(|(wrapped, context)| open(operations, &key, &Ciphertext::parse(wrapped)?, context)).collect();
    conclude(&keys, key_event(operations, caller, EventKind::DataKeyUnwrap, &key, None), results)
}

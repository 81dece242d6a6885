//! Encrypt under a caller's AES key, inside the token.

use km_audit::EventKind;
use km_crypto::{aead, random};
use km_domain::{KeyPurpose, KeyVersionRef, SecretBytes};
use km_policy::Action;
use km_storage::{StorageError, Unrecorded, Write};

use super::{Batch, Ciphertext, conclude, key_event, usable};
use crate::{Caller, Key, Operation, OperationError, Operations, Record, Version};

/// From this size on, a message gets a data key of its own and only that goes through the token.
const ENVELOPE_FROM: usize = 4096;
/// AES-GCM calls reserved at a time, and in all, under one key version: the limit asks for a rotation long before
/// NIST SP 800-38D's 2^32 calls with random IVs.
const RESERVED: i64 = 1 << 16;
const LIMIT: i64 = 1 << 31;

/// One message to be encrypted.
pub struct Plain {
    pub plaintext: SecretBytes,
    /// Additional authenticated data; must be given again to decrypt.
    pub context: Vec<u8>,
}

/// One encrypted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encrypted {
    pub ciphertext: Vec<u8>,
    pub version: u32,
}

/// Encrypts every item under the key's current version.
pub fn encrypt(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    id: &str,
    items: &[Plain],
) -> Operation<Batch<Encrypted>> {
    let keys = operations.keyring.keys();
    let key = match usable(operations, &keys, caller, Action::Encrypt, id, KeyPurpose::Encrypt) {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::Encrypt, error),
    };
    let version = match key.current() {
        Ok(version) => version,
        Err(error) => return caller.refuse(operations, EventKind::Encrypt, error),
    };
    let results = items
        .iter()
        .map(|item| {
            let ciphertext = seal(operations, record, &key, version, &item.plaintext, &item.context)?;
            Ok(Encrypted { ciphertext: ciphertext.to_bytes(), version: version.number })
        })
        .collect();
    conclude(&keys, key_event(operations, caller, EventKind::Encrypt, &key, Some(version.number)), results)
}

/// Seals one message under this version.
pub(super) fn seal(
    operations: &Operations,
    record: &Record,
    key: &Key,
    version: &Version,
    plaintext: &SecretBytes,
    context: &[u8],
) -> Result<Ciphertext, OperationError> {
    count(record, key, version)?;
    let name = KeyVersionRef { key: key.id.clone(), version: version.number };
    let mut ciphertext = Ciphertext { key: name, iv: random::bytes(), wrapped: None, sealed: Vec::new() };
    if plaintext.len() < ENVELOPE_FROM {
        let aad = ciphertext.aad(context);
        ciphertext.sealed = operations.keys.encrypt(&version.stored, &ciphertext.iv, &aad, plaintext.expose())?;
        return Ok(ciphertext);
    }
    let data_key = operations.keys.random(32)?;
    ciphertext.wrapped = Some(Vec::new());
    let aad = ciphertext.aad(context);
    ciphertext.sealed = aead::seal(data_key.expose(), &ciphertext.iv, &aad, plaintext.expose())
        .map_err(|_| OperationError::invalid("plaintext", "is too long"))?;
    let (iv, aad) = (random::bytes::<12>(), ciphertext.wrapping_aad(context));
    let sealed_key = operations.keys.encrypt(&version.stored, &iv, &aad, data_key.expose())?;
    ciphertext.wrapped = Some([iv.as_slice(), &sealed_key].concat());
    Ok(ciphertext)
}

/// Counts one AES-GCM call under the version; reserves more in the database when none is left, so that restarts and
/// replicas never count too few.
fn count(record: &Record, key: &Key, version: &Version) -> Result<(), OperationError> {
    while !version.take_gcm_call() {
        let reserve = Write::reserve_gcm(key.tenant.as_str(), key.id.as_str(), version.number, RESERVED, LIMIT);
        record.record(Unrecorded::unremarkable(()).with(reserve)).map_err(|error| match error {
            StorageError::Conflict(_) => OperationError::refused(
                "key-used-up",
                "the key version has made all the AES-GCM calls it may; rotate it",
            ),
            other => other.into(),
        })?;
        version.add_gcm_calls(RESERVED);
    }
    Ok(())
}

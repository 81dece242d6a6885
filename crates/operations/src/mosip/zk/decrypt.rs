//! Open a record's values.

use std::collections::HashMap;

use km_audit::EventKind;
use km_domain::{KeyVersionRef, SecretBytes, SecretText};
use km_envelope::{EnvelopeError, mosip::zk::RecordKey};
use km_formats::mosip::zk::ZkValue;
use km_storage::Unrecorded;

use super::admitted;
use crate::{Caller, Keys, Operation, OperationError, Operations, mosip::Fault};

/// What is to be opened.
pub struct ToOpenZk {
    pub id: SecretText,
    /// Names and sealed values.
    pub values: Vec<(String, Vec<u8>)>,
}

/// Names and texts, which are UTF-8.
type Opened = Vec<(String, SecretBytes)>;

/// Opens each value.
///
/// Errors: KERNEL has no policy, or one that does not list the caller; a value is not laid out as one; there is no such random key; it
/// does not open, and why not is not said.
pub fn zk_decrypt(operations: &Operations, caller: &Caller, asked: &ToOpenZk) -> Operation<Opened> {
    let keys = operations.keyring.keys();
    match open(operations, &keys, caller, asked) {
        Ok((under, opened)) => {
            let mut event = caller.event(operations, EventKind::Decrypt);
            // Random keys of one call can be under several versions of the key; an event names one, or none.
            let mut under = under.into_iter();
            let one = under.next();
            event.key_version = one.as_ref().filter(|one| under.all(|other| other == **one)).map(|one| one.version);
            event.key = one.map(|one| one.key);
            event.object = Some("random keys".to_owned());
            event.count = opened.len() as u64;
            Unrecorded::new(Ok(opened), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::Decrypt, error),
    }
}

fn open(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    asked: &ToOpenZk,
) -> Result<(Vec<KeyVersionRef>, Opened), OperationError> {
    // 1. May the caller? Asked before anything is looked up.
    admitted(operations, keys, caller, Fault::DecryptDenied)?;
    if asked.values.is_empty() {
        return Err(OperationError::Mosip(Fault::ZkNothing));
    }
    // 2. The values as such, before the token is asked.
    let parsed = asked.values.iter().map(|(name, bytes)| {
        let value = ZkValue::parse(bytes).map_err(|_| OperationError::Mosip(Fault::NotZkValue))?;
        Ok((name, value))
    });
    let parsed = parsed.collect::<Result<Vec<_>, OperationError>>()?;
    // 3. Each with its random key; values of one call have one as a rule.
    let (mut records, mut under) = (HashMap::new(), Vec::new());
    let mut opened = Vec::with_capacity(parsed.len());
    for (name, value) in parsed {
        let record = match records.entry(value.index) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(fresh) => {
                let key = keys.mosip.zk.key(caller.tenant(), value.index);
                let key = key.ok_or(OperationError::Mosip(Fault::ZkRandomKey))?;
                under.push(key.under.clone());
                fresh.insert(RecordKey::derive(&key.open(operations, keys, caller.tenant())?, &asked.id)?)
            }
        };
        opened.push((name.clone(), text(record, &value)?));
    }
    Ok((under, opened))
}

/// It is answered as text, as which it was sealed.
fn text(record: &RecordKey, value: &ZkValue<'_>) -> Result<SecretBytes, OperationError> {
    match record.open(value) {
        Ok(opened) if std::str::from_utf8(opened.expose()).is_ok() => Ok(opened),
        Ok(_) | Err(EnvelopeError::Refused) => Err(OperationError::Mosip(Fault::ZkNotOpened)),
        Err(error) => Err(error.into()),
    }
}

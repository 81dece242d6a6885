//! Seal a record's values.

use km_audit::EventKind;
use km_domain::SecretText;
use km_envelope::{
    EnvelopeError,
    mosip::{
        payload::Certified,
        zk::{RecordKey, seal_random_key},
    },
};
use km_formats::mosip::zk::random_key_text;
use km_storage::Unrecorded;

use super::{admitted, keys::ZkKey};
use crate::{
    Caller, Keys, Operation, OperationError, Operations,
    mosip::{
        Fault, KeyName,
        certificate::{current_or_due, unless_due},
        renew::rules,
    },
};

/// What is to be sealed.
pub struct ToSealZk {
    pub id: SecretText,
    /// Names and texts.
    pub values: Vec<(String, SecretText)>,
}

/// What was sealed.
pub struct SealedZk {
    pub values: Vec<(String, Vec<u8>)>,
    /// The random key, encrypted to each configured recipient.
    pub random_key: String,
    /// Which of the random keys it is.
    pub number: i32,
}

/// Seals each value under the key that comes from one of the random keys and the id.
///
/// Errors: KERNEL has no policy, or one that does not list the caller; nothing to seal; no random keys; a recipient without a current
/// certificate.
pub fn zk_encrypt(operations: &Operations, caller: &Caller, asked: &ToSealZk) -> Operation<SealedZk> {
    let keys = operations.keyring.keys();
    match seal(operations, &keys, caller, asked) {
        Ok((key, sealed)) => {
            let mut event = caller.event(operations, EventKind::Encrypt);
            event.key = Some(key.under.key.clone());
            event.key_version = Some(key.under.version);
            event.object = Some(format!("random key {}", sealed.number));
            event.count = sealed.values.len() as u64;
            Unrecorded::new(Ok(sealed), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::Encrypt, error),
    }
}

fn seal<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    asked: &ToSealZk,
) -> Result<(&'a ZkKey, SealedZk), OperationError> {
    // 1. May the caller?
    admitted(operations, keys, caller, Fault::NoPolicy)?;
    if asked.values.is_empty() {
        return Err(OperationError::Mosip(Fault::ZkNothing));
    }
    // 2. Who else shall be able to open: known before the token is asked.
    let recipients = rules(operations)?.zk_recipients.iter().map(|name| recipient(operations, keys, caller, name));
    let recipients = recipients.collect::<Result<Vec<_>, _>>()?;
    // 3. One of the random keys, for this call.
    let any = keys.mosip.zk.any(caller.tenant());
    let (number, key) = any.ok_or(OperationError::Mosip(Fault::ZkNoKeys))?;
    let random_key = key.open(operations, keys, caller.tenant())?;
    let record = RecordKey::derive(&random_key, &asked.id)?;
    let sealed = asked.values.iter().map(|(name, text)| {
        let sealed = record.seal(number, text.expose().as_bytes())?;
        Ok((name.clone(), sealed))
    });
    let values = sealed.collect::<Result<_, OperationError>>()?;
    let parts = recipients.iter().map(|recipient| match seal_random_key(&random_key, recipient) {
        Err(EnvelopeError::Refused) => Err(OperationError::Mosip(Fault::ZkRandomKey)),
        part => Ok(part?),
    });
    let random_key = random_key_text(&parts.collect::<Result<Vec<_>, _>>()?);
    Ok((key, SealedZk { values, random_key, number }))
}

/// The certificate of today of a recipient. One that never had a key or certificate gets none by this.
fn recipient(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    name: &KeyName,
) -> Result<Certified, OperationError> {
    if keys.mosip.aliases(caller.tenant(), name).is_empty() {
        return Err(OperationError::Mosip(Fault::ZkNoKeys));
    }
    let alias = current_or_due(operations, keys, caller, name)?;
    let thumbprint = alias.thumbprint.ok_or(OperationError::Mosip(Fault::CertificateMalformed))?;
    Ok(Certified { public: alias.certified()?.public_key.clone(), thumbprint })
}

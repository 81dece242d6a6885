//! Proof that a key which was taken in is the one that its certificate names: it answers a challenge of the caller's.

use km_audit::EventKind;
use km_crypto::digest::sha256_parts;
use km_domain::{KeyAlgorithm, SignatureAlgorithm};
use km_storage::Unrecorded;

use super::admitted;
use crate::{
    Caller, Keys, Operation, OperationError, Operations,
    mosip::{Alias, Kind, certificate::about},
};

/// What a key is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(pub Vec<u8>);

/// Stands before what a master key signs. No message of any caller begins with a zero byte and this.
pub const TO_SIGN: &[u8] = b"\0sealkeep: key moved in\0";
/// Stands before what is hashed of an opened challenge, so that the answer is no oracle: it gives no plaintext away.
pub const OPENED: &[u8] = b"sealkeep: challenge opened\0";
/// Length of a challenge that is signed, and of what one opens to.
const LENGTH: usize = 32;
const IV: usize = 12;

/// Has the key of an alias answer. A master key signs [`TO_SIGN`] and the 32 bytes of the challenge: RS256, ES256, ES384, ES256K or EdDSA. A
/// base key opens it (RSA-OAEP, SHA-256), a symmetric key too (AES-256-GCM, nonce of 12 bytes in front): 32 bytes, of which the
/// answer is the SHA-256 behind [`OPENED`].
///
/// Errors: no such alias, or one without a key; the challenge does not open.
pub fn prove(operations: &Operations, caller: &Caller, id: &str, challenge: &Challenge) -> Operation<Vec<u8>> {
    let keys = operations.keyring.keys();
    match answered(operations, &keys, caller, id, challenge) {
        Ok((alias, kind, answer)) => {
            let mut event = caller.event(operations, kind);
            about(&mut event, alias);
            Unrecorded::new(Ok(answer), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::Sign, error),
    }
}

fn answered<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &'a Caller,
    id: &str,
    Challenge(challenge): &Challenge,
) -> Result<(&'a Alias, EventKind, Vec<u8>), OperationError> {
    admitted(operations, caller)?;
    let tenant = caller.tenant();
    let found = keys.mosip.all(tenant).find(|alias| alias.row.id == id);
    let alias = found.ok_or(OperationError::NotFound("alias"))?;
    let missing = || OperationError::invalid("id", "must name an alias with a key that may be used");
    let version = alias.version(keys, tenant).filter(|version| version.state.processes()).ok_or_else(missing)?;
    let key = &version.stored;
    let opened = match alias.kind {
        Kind::Master => {
            if challenge.len() != LENGTH {
                return Err(OperationError::invalid("challenge", "must be 32 bytes for a key that signs"));
            }
            let message = [TO_SIGN, challenge].concat();
            let signature = operations.keys.sign(key, first_signature(key.algorithm)?, &message)?;
            return Ok((alias, EventKind::Sign, signature));
        }
        Kind::Base => operations.keys.decrypt_oaep_sha256(key, challenge)?,
        Kind::Symmetric => {
            let (iv, sealed) = challenge.split_first_chunk::<IV>().ok_or(OperationError::NotOpened)?;
            operations.keys.decrypt(key, iv, &[], sealed)?
        }
        Kind::Foreign => return Err(missing()),
    };
    if opened.len() != LENGTH {
        return Err(OperationError::NotOpened);
    }
    Ok((alias, EventKind::Decrypt, sha256_parts(&[OPENED, opened.expose()]).to_vec()))
}

pub(super) fn first_signature(algorithm: KeyAlgorithm) -> Result<SignatureAlgorithm, OperationError> {
    let first = algorithm.signatures().first().copied();
    first.ok_or_else(|| OperationError::Unsupported(format!("signatures with a key of kind {algorithm}")))
}

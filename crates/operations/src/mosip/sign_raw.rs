//! Sign a caller's bytes with nothing around them. What a certificate, a revocation list or a CMS signature is made of is refused, for
//! the keys that sign here issue certificates too.

use km_domain::{SecretBytes, SignatureAlgorithm, Timestamp};
use km_envelope::{EnvelopeError, mosip::raw_signature};

use super::{
    Alias, Fault, KeyName,
    jwt_sign::worth_signing,
    signer::{of_today, permitted, recorded},
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// What is to be signed.
pub struct ToSignRaw {
    pub name: KeyName,
    pub message: SecretBytes,
    /// By its JOSE name; empty for the key's own.
    pub algorithm: String,
}

/// A signature, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawSigned {
    pub signature: Vec<u8>,
    /// Without a prefix.
    pub key_id: String,
    /// PEM.
    pub certificate: String,
    pub algorithm: SignatureAlgorithm,
    pub now: Timestamp,
}

/// Signs. ECDSA signatures are r and s of fixed length, one after the other.
///
/// Errors: as of `jws_sign`; bytes that would become a certificate or the like.
pub fn sign_raw(operations: &Operations, caller: &Caller, asked: &ToSignRaw) -> Operation<RawSigned> {
    let keys = operations.keyring.keys();
    recorded(operations, caller, &keys, sign(operations, &keys, caller, asked))
}

fn sign<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    asked: &ToSignRaw,
) -> Result<(&'a Alias, RawSigned), OperationError> {
    // 1. May the caller, for this key?
    let name = permitted(operations, keys, caller, &asked.name)?;
    worth_signing(asked.message.expose(), false)?;
    // 2. With the key of today, in a way that it can.
    let signer = of_today(operations, keys, caller, &name)?;
    let algorithm = signer.algorithm(&asked.algorithm)?;
    // 3. In the token.
    let signature = match raw_signature::sign(&*operations.keys, signer.key, algorithm, asked.message.expose()) {
        Err(EnvelopeError::Refused) => return Err(OperationError::Mosip(Fault::NotSignable)),
        signature => signature?,
    };
    let signed = RawSigned {
        signature,
        key_id: signer.alias.kid.clone().unwrap_or_default(),
        certificate: signer.alias.certified()?.to_pem(),
        algorithm,
        now: signer.now,
    };
    Ok((signer.alias, signed))
}

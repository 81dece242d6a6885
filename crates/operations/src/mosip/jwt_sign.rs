//! Sign as a JWS with the current master key of an application, in the token. The exact bytes are signed, text or not.

use km_domain::{SecretBytes, SignatureAlgorithm, Timestamp};
use km_envelope::{EnvelopeError, mosip::jws};
use km_formats::mosip::jws::{AdditionalHeaders, Header, Payload};

use super::{
    Alias, Certificates, Fault, KeyName,
    renew::rules,
    signer::{Signer, of_today, permitted, recorded},
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// What is to be signed.
pub struct ToSign {
    pub name: KeyName,
    pub payload: SecretBytes,
    pub parts: Parts,
}

/// What stands in the signature besides the signature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    pub payload: bool,
    pub certificates: Certificates,
    pub thumbprint: bool,
    pub url: Option<String>,
    pub additional: Option<AdditionalHeaders>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Compact, or with nothing between the dots where it is detached.
    pub jws: String,
    pub now: Timestamp,
}

/// Signs.
///
/// Errors: no application; no policy for it, or one that does not list the caller; a key that does not sign; its certificate is
/// outside its time.
pub fn jwt_sign(operations: &Operations, caller: &Caller, asked: &ToSign) -> Operation<Signed> {
    let keys = operations.keyring.keys();
    recorded(operations, caller, &keys, sign(operations, &keys, caller, asked))
}

fn sign<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    asked: &ToSign,
) -> Result<(&'a Alias, Signed), OperationError> {
    // 1. May the caller, for this key, this?
    let name = permitted(operations, keys, caller, &asked.name)?;
    worth_signing(asked.payload.expose(), rules(operations)?.only_json)?;
    // 2. With the key of today.
    let signer = of_today(operations, keys, caller, &name)?;
    // 3. In the token.
    let how = How { algorithm: signer.first_algorithm()?, unencoded: false, parts: &asked.parts };
    let payload = asked.payload.expose();
    let jws = compact(operations, keys, caller, &signer, &how, (payload, Payload::Bytes(payload)))?;
    Ok((signer.alias, Signed { jws, now: signer.now }))
}

/// Whether there is something to sign, and JSON where it must be.
pub(super) fn worth_signing(payload: &[u8], only_json: bool) -> Result<(), OperationError> {
    if payload.is_empty() {
        return Err(OperationError::Mosip(Fault::Empty));
    }
    if only_json && serde_json::from_slice::<serde::de::IgnoredAny>(payload).is_err() {
        return Err(OperationError::Mosip(Fault::NotJson));
    }
    Ok(())
}

/// How a JWS is made.
pub(super) struct How<'a> {
    pub algorithm: SignatureAlgorithm,
    /// Whether the payload's own bytes are signed, and not their text.
    pub unencoded: bool,
    pub parts: &'a Parts,
}

/// The signature over a payload, which comes also in the form in which it is to be carried.
pub(super) fn compact(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    signer: &Signer<'_>,
    how: &How<'_>,
    (payload, carried): (&[u8], Payload<'_>),
) -> Result<String, OperationError> {
    let (rules, parts) = (rules(operations)?, how.parts);
    let certificates = signer.certificates(keys, caller.tenant(), parts.certificates)?;
    let prefix = parts.additional.as_ref().map(|additional| additional.kid_prefix.as_str()).unwrap_or_default();
    let kid = if rules.with_kid { signer.kid(rules, prefix, payload) } else { None };
    let header = Header {
        unencoded: how.unencoded,
        certificates: &certificates,
        thumbprint: signer.alias.thumbprint.filter(|_| parts.thumbprint),
        certificate_url: parts.url.as_deref(),
        kid: kid.as_deref(),
        additional: parts.additional.as_ref(),
        ..Header::default()
    };
    match jws::sign(&*operations.keys, signer.key, how.algorithm, &header, carried, parts.payload) {
        Err(EnvelopeError::Refused) => Err(OperationError::Mosip(Fault::NotSigned)),
        signed => Ok(signed?),
    }
}

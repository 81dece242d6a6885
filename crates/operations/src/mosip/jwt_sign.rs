//! Sign as a JWS with the current master key of an application, in the token. The exact bytes are signed, text or not.

use km_audit::EventKind;
use km_domain::{SecretBytes, SignatureAlgorithm, Timestamp};
use km_envelope::{EnvelopeError, mosip::jws};
use km_formats::{base64url, mosip::jws::Header};
use km_keystore::StoredKey;
use km_storage::Unrecorded;
use zeroize::Zeroizing;

use super::{
    Alias, Fault, KeyName, MosipRules,
    certificate::{about, current_or_due, unless_due},
    make::signing_key,
    renew::rules,
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
    pub certificate: bool,
    pub thumbprint: bool,
    pub url: Option<String>,
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
    match sign(operations, &keys, caller, asked) {
        Ok((alias, signed)) => {
            let mut event = caller.event(operations, EventKind::Sign);
            about(&mut event, alias);
            Unrecorded::new(Ok(signed), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::Sign, error),
    }
}

fn sign<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    asked: &ToSign,
) -> Result<(&'a Alias, Signed), OperationError> {
    let rules = rules(operations)?;
    // 1. May the caller, for this key, this?
    let name = &signer(rules, &asked.name)?;
    let policy = keys.mosip.policy(caller.tenant(), &name.application);
    let is_admitted = policy.is_some_and(|policy| policy.admits(&caller.principal));
    if !is_admitted || !rules.admit(caller, name) {
        return Err(OperationError::Mosip(Fault::SignDenied));
    }
    if asked.payload.is_empty() {
        return Err(OperationError::Mosip(Fault::Empty));
    }
    if rules.only_json && serde_json::from_slice::<serde::de::IgnoredAny>(asked.payload.expose()).is_err() {
        return Err(OperationError::Mosip(Fault::NotJson));
    }
    if !name.is_master() {
        return Err(OperationError::Mosip(Fault::SigningNotAllowed));
    }
    // 2. With the key of today.
    let alias = current_or_due(operations, keys, caller, name)?;
    let (key, now) = (signing_key(alias, keys, caller.tenant())?, operations.clock.now());
    if !alias.certified()?.is_valid_at(now) {
        return Err(OperationError::Mosip(Fault::CertificateOutOfTime));
    }
    // 3. In the token.
    let jws = signed(operations, rules, alias, key, asked)?;
    Ok((alias, Signed { jws, now }))
}

/// The key that signs. A caller who names no application is refused; with the switch, KERNEL and SIGN stand in.
pub(super) fn signer(rules: &MosipRules, name: &KeyName) -> Result<KeyName, OperationError> {
    match name.application.trim() {
        "" if rules.blank_application_is_kernel_sign => Ok(KeyName::kernel_sign()),
        "" => Err(OperationError::invalid("applicationId", "must not be blank")),
        _ => Ok(name.clone()),
    }
}

fn signed(
    operations: &Operations,
    rules: &MosipRules,
    alias: &Alias,
    key: &StoredKey,
    asked: &ToSign,
) -> Result<String, OperationError> {
    let certificate = alias.certified()?;
    let chain = if asked.parts.certificate { vec![certificate.der.clone()] } else { Vec::new() };
    let kid = alias.kid.as_ref().filter(|_| rules.with_kid).map(|kid| format!("{}{kid}", rules.kid_prefix));
    let header = Header {
        certificates: &chain,
        thumbprint: alias.thumbprint.filter(|_| asked.parts.thumbprint),
        certificate_url: asked.parts.url.as_deref(),
        kid: kid.as_deref(),
        ..Header::default()
    };
    let text = Zeroizing::new(base64url::encode(asked.payload.expose()));
    let algorithm = algorithm(key)?;
    match jws::sign(&*operations.keys, key, algorithm, &header, &text, asked.parts.payload) {
        Err(EnvelopeError::Refused) => Err(OperationError::Mosip(Fault::NotSigned)),
        signed => Ok(signed?),
    }
}

/// RSA keys sign with RS256, others in the one way of their kind.
fn algorithm(key: &StoredKey) -> Result<SignatureAlgorithm, OperationError> {
    key.algorithm.signatures().first().copied().ok_or(OperationError::Mosip(Fault::NotSigned))
}

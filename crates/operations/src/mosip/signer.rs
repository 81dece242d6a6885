//! The key that signs for a caller, and what every signature of the dialect has in common.

use km_audit::EventKind;
use km_domain::{SignatureAlgorithm, TenantId, Timestamp};
use km_formats::mosip::jws::{issuer, with_hash};
use km_keystore::StoredKey;
use km_storage::Unrecorded;

use super::{
    Alias, Fault, KeyName, MosipRules,
    certificate::{about, current_or_due, unless_due},
    chain::path,
    make::signing_key,
    renew::rules,
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// The key of today.
pub(super) struct Signer<'a> {
    pub alias: &'a Alias,
    pub key: &'a StoredKey,
    pub now: Timestamp,
}

/// Which certificates stand in a signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Certificates {
    #[default]
    None,
    /// The signer's.
    Own,
    /// From the signer's to the root.
    Chain,
}

/// The word in configuration for a `kid` that begins with the payload's issuer.
const PAYLOAD_ISSUER: &str = "PAYLOAD_ISSUER";

/// The name of the key that signs for this caller. A caller who names no application is refused; with the switch, KERNEL and SIGN
/// stand in.
pub(super) fn named(rules: &MosipRules, name: &KeyName) -> Result<KeyName, OperationError> {
    match name.application.trim() {
        "" if rules.blank_application_is_kernel_sign => Ok(KeyName::kernel_sign()),
        "" => Err(OperationError::invalid("applicationId", "must not be blank")),
        _ => Ok(name.clone()),
    }
}

/// Whether the caller may have something signed by this key; its name.
///
/// Errors: no application; no policy for it, or one that does not list the caller.
pub(super) fn permitted(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    name: &KeyName,
) -> Result<KeyName, OperationError> {
    let rules = rules(operations)?;
    let name = named(rules, name)?;
    if rules.admit_user(keys, caller, &name) { Ok(name) } else { Err(OperationError::Mosip(Fault::SignDenied)) }
}

/// The key of this name that signs today.
///
/// Errors: keys of this name do not sign; one has to be made first; its certificate is outside its time.
pub(super) fn of_today<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    name: &KeyName,
) -> Result<Signer<'a>, OperationError> {
    if !name.is_master() {
        return Err(OperationError::Mosip(Fault::SigningNotAllowed));
    }
    let alias = current_or_due(operations, keys, caller, name)?;
    let (key, now) = (signing_key(alias, keys, caller.tenant())?, operations.clock.now());
    if !alias.certified()?.is_valid_at(now) {
        return Err(OperationError::Mosip(Fault::CertificateOutOfTime));
    }
    Ok(Signer { alias, key, now })
}

/// A signature, or a refusal, with its event.
pub(super) fn recorded<T>(
    operations: &Operations,
    caller: &Caller,
    keys: &Keys,
    outcome: Result<(&Alias, T), OperationError>,
) -> Operation<T> {
    match outcome {
        Ok((alias, signed)) => {
            let mut event = caller.event(operations, EventKind::Sign);
            about(&mut event, alias);
            Unrecorded::new(Ok(signed), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::Sign, error),
    }
}

impl Signer<'_> {
    /// How `jwtSign` signs: RSA keys with RS256, others in the one way of their kind.
    pub fn first_algorithm(&self) -> Result<SignatureAlgorithm, OperationError> {
        self.key.algorithm.signatures().first().copied().ok_or(OperationError::Mosip(Fault::NotSigned))
    }

    /// How all others sign: as the caller asks, and RSA keys with PS256 where the caller does not, or asks for what nobody knows.
    ///
    /// Errors: keys of this kind cannot.
    pub fn algorithm(&self, asked: &str) -> Result<SignatureAlgorithm, OperationError> {
        let can = self.key.algorithm.signatures();
        let wanted = match asked {
            "" if !can.contains(&SignatureAlgorithm::Ps256) => return self.first_algorithm(),
            "RS256" => SignatureAlgorithm::Rs256,
            "ES256" => SignatureAlgorithm::Es256,
            "EdDSA" => SignatureAlgorithm::EdDsa,
            "ES256K" => SignatureAlgorithm::Es256K,
            _ => SignatureAlgorithm::Ps256,
        };
        if can.contains(&wanted) { Ok(wanted) } else { Err(OperationError::Mosip(Fault::NotSigned)) }
    }

    /// The certificates that are wanted, DER, the signer's own first.
    ///
    /// Errors: no path leads to a root of ours.
    pub fn certificates(
        &self,
        keys: &Keys,
        tenant: &TenantId,
        wanted: Certificates,
    ) -> Result<Vec<Vec<u8>>, OperationError> {
        let own = self.alias.certified()?;
        match wanted {
            Certificates::None => Ok(Vec::new()),
            Certificates::Own => Ok(vec![own.der.clone()]),
            Certificates::Chain => path(keys, tenant, own).ok_or(OperationError::Mosip(Fault::NoChain)),
        }
    }

    /// The key's id with what stands before it: the caller's prefix, or what configuration says.
    pub fn kid(&self, rules: &MosipRules, prefix: &str, payload: &[u8]) -> Option<String> {
        let own = self.alias.kid.as_deref()?;
        Some(match (prefix, rules.kid_prefix.as_str()) {
            ("", PAYLOAD_ISSUER) => format!("{}{own}", issuer(payload).map(with_hash).unwrap_or_default()),
            ("", configured) => format!("{configured}{own}"),
            (prefix, _) => format!("{prefix}{own}"),
        })
    }
}

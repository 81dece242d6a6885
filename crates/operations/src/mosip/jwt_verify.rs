//! Verify a JWS, a COSE_Sign1 or a CBOR Web Token. Whoever names an application has it verified with the keys of that application and no other: what a token says of its
//! own key is believed only where nobody named one, and then only if its certificate leads to a trusted root of the domain asked for.

use std::sync::Arc;

use km_audit::{Event, EventKind};
use km_domain::Timestamp;
use km_storage::Unrecorded;
use km_x509::Certificate;

use super::{
    Alias, Fault, KeyName, Kind, Presented, certificate::about, presented::Signature, renew::rules, signer::named,
    trust::leads_to_domain,
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// A signature to be verified.
pub struct ToVerify {
    pub signature: Presented,
    pub name: KeyName,
    /// PEM.
    pub certificate: Option<String>,
    pub validate_trust: bool,
    pub domain: Option<String>,
    /// The moment at which certificates are judged; now, where there is none.
    pub as_of: Option<Timestamp>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    pub is_valid: bool,
    pub trust: Trust,
}

/// Whether the certificate leads to a trusted root of the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    NotAsked,
    NoDomain,
    NoPath,
    Path,
}

/// Verifies. A signature that is wrong is no error.
///
/// Errors: not a signature of its form, or of an algorithm that nobody verifies here; no certificate to verify it with, or one outside
/// its time; a CBOR Web Token that is outside its own, or of another issuer or subject than the caller expects.
pub fn jwt_verify(operations: &Operations, caller: &Caller, asked: &ToVerify) -> Operation<Verified> {
    let keys = operations.keyring.keys();
    let at = asked.as_of.unwrap_or_else(|| operations.clock.now());
    let found = verify(operations, &keys, caller, asked, at);
    // What a token says is looked at once it is known who said it.
    match found
        .and_then(|found| asked.signature.holds(found.1.is_valid, at).map(|()| found).map_err(OperationError::Mosip))
    {
        Ok((alias, verified)) => {
            let mut event: Event = caller.event(operations, EventKind::Verify);
            if let Some(alias) = alias {
                about(&mut event, &alias);
            }
            event.figures.insert("valid".into(), verified.is_valid.into());
            Unrecorded::new(Ok(verified), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::Verify, error),
    }
}

/// The certificate by which a signature will be judged in a domain, if so, and those that came with it, DER: whoever can, asks for their
/// status before.
pub fn certificates_to_judge(asked: &ToVerify) -> Vec<Vec<u8>> {
    let is_judged = asked.validate_trust && asked.domain.is_some() && asked.name.application.trim().is_empty();
    match &asked.certificate {
        _ if !is_judged => Vec::new(),
        Some(pem) => Certificate::from_pem(pem).map(|certificate| vec![certificate.der]).unwrap_or_default(),
        None => Signature::parse(&asked.signature).map(|signed| signed.said.certificates).unwrap_or_default(),
    }
}

fn verify(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    asked: &ToVerify,
    at: Timestamp,
) -> Result<(Option<Arc<Alias>>, Verified), OperationError> {
    let signed = Signature::parse(&asked.signature).map_err(OperationError::Mosip)?;
    // 1. The key that the caller pinned by its name.
    if !asked.name.application.trim().is_empty() || !asked.name.reference.is_empty() {
        let name = named(rules(operations)?, &asked.name)?;
        let alias = pinned(operations, keys, caller, &name, &signed, at)?;
        let certificate = alias.certified()?;
        let trust = trust(operations, keys, caller, (asked, &[]), certificate, at)?;
        return Ok((Some(Arc::clone(&alias)), Verified { is_valid: signed.is_by(certificate), trust }));
    }
    // 2. The certificate that the caller sent along.
    if let Some(pem) = &asked.certificate {
        let certificate = Certificate::from_pem(pem).map_err(|_| OperationError::Mosip(Fault::CertificateMalformed))?;
        in_time(&certificate, at)?;
        let trust = trust(operations, keys, caller, (asked, &[]), &certificate, at)?;
        let is_valid = trust != Trust::NoPath && signed.is_by(&certificate);
        return Ok((None, Verified { is_valid, trust }));
    }
    // 3. What the token says of itself, if somebody trusted vouches for it.
    if let Some((der, sent)) = signed.said.certificates.split_first() {
        let certificate = Certificate::from_der(der).map_err(|_| OperationError::Mosip(Fault::NotJws))?;
        in_time(&certificate, at)?;
        let trust = trust(operations, keys, caller, (asked, sent), &certificate, at)?;
        return Ok((None, Verified { is_valid: trust == Trust::Path && signed.is_by(&certificate), trust }));
    }
    // 4. Nobody named a key: with the switch, KERNEL and SIGN stand in.
    let name = named(rules(operations)?, &asked.name)?;
    let alias = pinned(operations, keys, caller, &name, &signed, at)?;
    let certificate = alias.certified()?;
    let trust = trust(operations, keys, caller, (asked, &[]), certificate, at)?;
    Ok((Some(Arc::clone(&alias)), Verified { is_valid: signed.is_by(certificate), trust }))
}

/// Whether this certificate leads to a root of the domain that was asked for, over others in the token where it came from there.
fn trust(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    (asked, sent): (&ToVerify, &[Vec<u8>]),
    certificate: &Certificate,
    at: Timestamp,
) -> Result<Trust, OperationError> {
    if !asked.validate_trust {
        return Ok(Trust::NotAsked);
    }
    let Some(domain) = &asked.domain else { return Ok(Trust::NoDomain) };
    let is_trusted = leads_to_domain(operations, keys, caller, domain, (certificate, sent), at)?;
    Ok(if is_trusted { Trust::Path } else { Trust::NoPath })
}

/// The alias of this name that the token's `kid` names, or the one that was current at that moment, or the newest.
///
/// Errors: there is none; its certificate is outside its time.
fn pinned(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    name: &KeyName,
    signed: &Signature<'_>,
    at: Timestamp,
) -> Result<Arc<Alias>, OperationError> {
    let rules = rules(operations)?;
    if !rules.admit(caller, name) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    let tenant = caller.tenant();
    let aliases = keys.mosip.aliases(tenant, name);
    // The prefix of `kid` is the signer's own, so only the end is looked at.
    let named = |alias: &&Arc<Alias>| {
        let kid = signed.said.kid.as_deref().zip(alias.kid.as_deref());
        kid.is_some_and(|(said, own)| said.ends_with(own))
    };
    let early = keys.mosip.early(tenant, name);
    let aliases: Vec<&Arc<Alias>> = aliases.iter().filter(|alias| !was_withdrawn(alias, at)).collect();
    let found = aliases
        .iter()
        .copied()
        .find(named)
        .or_else(|| aliases.iter().copied().find(|alias| alias.is_current(at, early)))
        .or_else(|| aliases.iter().copied().rev().find(|alias| !alias.is_to_come(at)))
        .ok_or(OperationError::Mosip(match keys.mosip.aliases(tenant, name) {
            [] => Fault::NotGenerated,
            _ => Fault::VerifyingCertificateOutOfTime,
        }))?;
    in_time(found.certified()?, at)?;
    Ok(Arc::clone(found))
}

/// Whether somebody else's certificate was revoked here, or replaced, before that moment. Whoever has its key goes on signing; a
/// key of ours that was ended signs nothing any more, so what it signed verifies on.
fn was_withdrawn(alias: &Alias, at: Timestamp) -> bool {
    let lasts = |alias: &Alias| alias.certified().map(|certificate| certificate.not_after);
    alias.kind == Kind::Foreign && alias.expires <= at && lasts(alias).is_ok_and(|end| alias.expires < end)
}

fn in_time(certificate: &Certificate, at: Timestamp) -> Result<(), OperationError> {
    if certificate.is_valid_at(at) { Ok(()) } else { Err(OperationError::Mosip(Fault::VerifyingCertificateOutOfTime)) }
}

//! Verify a JWS. Whoever names an application has it verified with the keys of that application and no other: what a token says of its
//! own key is believed only where nobody named one, and then only if its certificate leads to a trusted root of the domain asked for.

use std::sync::Arc;

use km_audit::{Event, EventKind};
use km_crypto::jose::{JoseAlgorithm, VerifyingKey};
use km_domain::Timestamp;
use km_envelope::mosip::jws;
use km_formats::mosip::jws::{ParsedHeader, SplitJws};
use km_storage::Unrecorded;
use km_x509::Certificate;

use super::{Alias, Fault, KeyName, certificate::about, jwt_sign::signer, renew::rules};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// A signature to be verified.
pub struct ToVerify {
    pub jws: String,
    /// Stands in for the middle part, whether there is one or not: base64url as it was signed.
    pub actual: Option<String>,
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
/// Errors: not a JWS, or of an algorithm that nobody verifies here; no certificate to verify it with, or one outside its time.
pub fn jwt_verify(operations: &Operations, caller: &Caller, asked: &ToVerify) -> Operation<Verified> {
    let keys = operations.keyring.keys();
    match verify(operations, &keys, caller, asked) {
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

fn verify(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    asked: &ToVerify,
) -> Result<(Option<Arc<Alias>>, Verified), OperationError> {
    let at = asked.as_of.unwrap_or_else(|| operations.clock.now());
    let signed = Signature::parse(asked).map_err(OperationError::Mosip)?;
    let trust = match (asked.validate_trust, &asked.domain) {
        (false, _) => Trust::NotAsked,
        (true, None) => Trust::NoDomain,
        // Trust stores of partner domains are still to come: no certificate leads to a root of one.
        (true, Some(_)) => Trust::NoPath,
    };
    let judged = |is_valid| Verified { is_valid, trust };
    // 1. The key that the caller pinned by its name.
    if !asked.name.application.trim().is_empty() || !asked.name.reference.is_empty() {
        let name = signer(rules(operations)?, &asked.name)?;
        let alias = pinned(operations, keys, caller, &name, &signed, at)?;
        return Ok((Some(Arc::clone(&alias)), judged(signed.is_by(alias.certified()?))));
    }
    // 2. The certificate that the caller sent along.
    if let Some(pem) = &asked.certificate {
        let certificate = Certificate::from_pem(pem).map_err(|_| OperationError::Mosip(Fault::CertificateMalformed))?;
        in_time(&certificate, at)?;
        return Ok((None, judged(signed.is_by(&certificate))));
    }
    // 3. What the token says of itself, if somebody trusted vouches for it.
    if !signed.header.certificates.is_empty() {
        return Ok((None, judged(false)));
    }
    // 4. Nobody named a key: with the switch, KERNEL and SIGN stand in.
    let name = signer(rules(operations)?, &asked.name)?;
    let alias = pinned(operations, keys, caller, &name, &signed, at)?;
    Ok((Some(Arc::clone(&alias)), judged(signed.is_by(alias.certified()?))))
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
        let kid = signed.header.kid.as_deref().zip(alias.kid.as_deref());
        kid.is_some_and(|(said, own)| said.ends_with(own))
    };
    let early = keys.mosip.early(tenant, name);
    let found = aliases
        .iter()
        .find(named)
        .or_else(|| aliases.iter().find(|alias| alias.is_current(at, early)))
        .or_else(|| aliases.iter().rev().find(|alias| !alias.is_to_come(at)))
        .ok_or(OperationError::Mosip(Fault::NotGenerated))?;
    in_time(found.certified()?, at)?;
    Ok(Arc::clone(found))
}

fn in_time(certificate: &Certificate, at: Timestamp) -> Result<(), OperationError> {
    if certificate.is_valid_at(at) { Ok(()) } else { Err(OperationError::Mosip(Fault::VerifyingCertificateOutOfTime)) }
}

/// A signature taken apart.
struct Signature<'a> {
    token: SplitJws<'a>,
    header: ParsedHeader,
    actual: Option<&'a str>,
}

impl<'a> Signature<'a> {
    fn parse(asked: &'a ToVerify) -> Result<Self, Fault> {
        let (protected, _) = asked.jws.split_once('.').ok_or(Fault::NotVerifiable)?;
        let header = ParsedHeader::parse(protected).map_err(|_| Fault::NotJws)?;
        let token = SplitJws::parse(&asked.jws).map_err(|_| Fault::NotVerifiable)?;
        JoseAlgorithm::from_name(&header.algorithm).ok_or(Fault::NotVerifiable)?;
        Ok(Self { token, header, actual: asked.actual.as_deref() })
    }

    /// Whether the key of this certificate made it. An algorithm that is not the key's is another's signature.
    fn is_by(&self, certificate: &Certificate) -> bool {
        let key = VerifyingKey::Own(certificate.public_key.clone());
        jws::verify(&self.token, &self.header, self.actual, &key).unwrap_or(false)
    }
}

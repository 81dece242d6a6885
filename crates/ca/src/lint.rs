//! The look at what was made, before anybody gets it: a certificate cannot be called back.

use km_crypto::PublicKey;
use km_domain::Timestamp;
use km_keystore::StoredKey;
use km_x509::{Certificate, KeyUsages, verify_chain};

use crate::{CaError, Issuer, Profile, RootKind, root::BACKDATE};

/// Holds a root's certificate against its kind and key.
pub(crate) fn root(certificate: &Certificate, kind: RootKind, key: &StoredKey) -> Result<(), CaError> {
    let bits = KeyUsages { certificate_sign: true, crl_sign: true, ..KeyUsages::default() };
    let rules = [
        (certificate.is_ca && certificate.path_length == Some(0), "it is not a root without CAs below"),
        (certificate.subject == certificate.issuer, "its issuer is another"),
        (certificate.key_usages == Some(bits), "its key usage"),
        (certificate.extended_usages.is_empty(), "its extended key usage"),
        (certificate.organizational_unit.as_deref() == Some(kind.unit()), "its subject"),
        (key.public.as_ref() == Some(&certificate.public_key), "its public key"),
    ];
    first_broken(&rules)
}

/// Holds an issued certificate against its profile, and verifies it under its issuer.
pub(crate) fn issued(
    certificate: &Certificate,
    issuer: &Issuer<'_>,
    profile: &Profile,
    public_key: &PublicKey,
    now: Timestamp,
) -> Result<(), CaError> {
    let lifetime = certificate.not_after.seconds() - certificate.not_before.seconds();
    let longest = i64::try_from((profile.longest + BACKDATE).as_secs()).unwrap_or(i64::MAX);
    let rules = [
        (!certificate.is_ca && certificate.path_length.is_none(), "it is a CA's"),
        (certificate.issuer == issuer.certificate.subject, "its issuer is another"),
        (certificate.serial.len() == 16, "its serial number"),
        (certificate.spki == public_key.to_spki_der(), "its public key"),
        (certificate.key_usages == Some(profile.key_usages), "its key usage"),
        (certificate.extended_usages == profile.extended_usages, "its extended key usage"),
        (certificate.uris == profile.uri.iter().cloned().collect::<Vec<_>>(), "its URI name"),
        (certificate.addresses.len() == if profile.is_listener { 2 } else { 0 }, "its addresses"),
        (lifetime > 0 && lifetime <= longest, "its lifetime"),
        (certificate.not_after.seconds() <= issuer.certificate.not_after.seconds(), "it outlives its issuer"),
    ];
    first_broken(&rules)?;
    verify_chain(&certificate.der, &[], std::slice::from_ref(&issuer.certificate.der), now, profile.usage, &[])?;
    Ok(())
}

fn first_broken(rules: &[(bool, &'static str)]) -> Result<(), CaError> {
    rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, rule)| Err(CaError::Lint(rule)))
}

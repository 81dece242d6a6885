//! Issuing one certificate under a root.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use km_crypto::PublicKey;
use km_domain::Timestamp;
use km_keystore::{Sign, StoredKey};
use km_x509::{Certificate, ExtendedUsage, KeyUsages};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};
use rustls_pki_types::CertificateDer;

use crate::{
    CaError, Profile, RootKind, TokenKey, lint,
    root::{BACKDATE, serial_number, subject},
    token_key::signed,
};

/// A root ready to issue: its certificate and its key agree, and both are of this kind.
pub struct Issuer<'a> {
    pub(crate) kind: RootKind,
    pub(crate) certificate: &'a Certificate,
    pub(crate) inner: rcgen::Issuer<'static, TokenKey<'a>>,
}

impl<'a> Issuer<'a> {
    /// Errors: the certificate is no CA's, belongs to another root, or names another key.
    pub fn new(
        kind: RootKind,
        certificate: &'a Certificate,
        store: &'a dyn Sign,
        key: &'a StoredKey,
    ) -> Result<Self, CaError> {
        if !certificate.is_ca || certificate.organizational_unit.as_deref() != Some(kind.unit()) {
            return Err(CaError::Refused("the issuer's certificate is not of that root"));
        }
        if key.public.as_ref() != Some(&certificate.public_key) {
            return Err(CaError::Key("it is not the key of the issuer's certificate"));
        }
        let signer = TokenKey::new(store, key)?;
        let inner = rcgen::Issuer::from_ca_cert_der(&CertificateDer::from(certificate.der.as_slice()), signer)
            .map_err(|_| CaError::Lint("the issuer's certificate could not be read"))?;
        Ok(Self { kind, certificate, inner })
    }
}

/// Issues a certificate for a public key.
///
/// Inputs: the issuer; the profile; the public key, whose private half the requester has proved to hold; 16 random bytes
/// for the serial number; the moment; the lifetime. Errors: see [`CaError`]. What is returned has been read back, compared
/// with its profile and verified under its issuer.
pub fn issue(
    issuer: &Issuer<'_>,
    profile: &Profile,
    public_key: &PublicKey,
    serial: [u8; 16],
    now: Timestamp,
    lifetime: Duration,
) -> Result<Certificate, CaError> {
    // 1. May this root issue this, for so long?
    if issuer.kind != profile.issuer {
        return Err(CaError::Refused("another root issues this"));
    }
    if lifetime.is_zero() || lifetime > profile.longest {
        return Err(CaError::Refused("the lifetime is longer than the profile allows"));
    }
    if now.plus(lifetime).seconds() > issuer.certificate.not_after.seconds() {
        return Err(CaError::Refused("the issuer's certificate ends before it"));
    }
    // 2. Lay it out, have it signed in the token, and read it back as others will.
    let certificate = signed(params(issuer, profile, serial, now, lifetime)?, public_key, &issuer.inner)?;
    lint::issued(&certificate, issuer, profile, public_key, now)?;
    Ok(certificate)
}

fn params(
    issuer: &Issuer<'_>,
    profile: &Profile,
    serial: [u8; 16],
    now: Timestamp,
    lifetime: Duration,
) -> Result<CertificateParams, CaError> {
    let organization = issuer.certificate.organization.as_deref().unwrap_or("Sealkeep");
    // A certificate that begins before its issuer's would not verify during the first minutes of an installation.
    let not_before = now.minus(BACKDATE).max(issuer.certificate.not_before);
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(organization, profile.unit, &profile.common_name);
    params.serial_number = Some(serial_number(serial));
    params.not_before = not_before.calendar();
    params.not_after = now.plus(lifetime).calendar();
    params.is_ca = IsCa::ExplicitNoCa;
    params.subject_alt_names = alternative_names(profile)?;
    params.key_usages = key_usages(profile.key_usages);
    params.extended_key_usages = profile.extended_usages.iter().map(extended_usage).collect::<Result<_, _>>()?;
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn alternative_names(profile: &Profile) -> Result<Vec<SanType>, CaError> {
    let text = |text: &str| text.try_into().map_err(|_| CaError::Refused("a name must be ASCII"));
    let mut names = Vec::new();
    if let Some(uri) = &profile.uri {
        names.push(SanType::URI(text(uri)?));
    }
    if profile.is_listener {
        names.push(SanType::DnsName(text("localhost")?));
        names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        names.push(SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    }
    for name in &profile.dns_names {
        names.push(SanType::DnsName(text(name)?));
    }
    Ok(names)
}

fn key_usages(bits: KeyUsages) -> Vec<KeyUsagePurpose> {
    [
        (bits.digital_signature, KeyUsagePurpose::DigitalSignature),
        (bits.key_encipherment, KeyUsagePurpose::KeyEncipherment),
        (bits.key_agreement, KeyUsagePurpose::KeyAgreement),
    ]
    .into_iter()
    .filter_map(|(present, usage)| present.then_some(usage))
    .collect()
}

fn extended_usage(usage: &ExtendedUsage) -> Result<ExtendedKeyUsagePurpose, CaError> {
    Ok(match usage {
        ExtendedUsage::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedUsage::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedUsage::EmailProtection => ExtendedKeyUsagePurpose::EmailProtection,
        // id-kp-documentSigning (RFC 9336, section 3.1).
        ExtendedUsage::DocumentSigning => ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36]),
        ExtendedUsage::Other(_) => return Err(CaError::Refused("no profile has another extended usage")),
    })
}

//! The three roots, which are never mixed, and their self-signed certificates.

use std::time::Duration;

use km_domain::{KeyPurpose, Timestamp};
use km_keystore::{Sign, StoredKey};
use km_x509::Certificate;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyUsagePurpose, SerialNumber};

use crate::{CaError, TokenKey, lint};

/// Which root: mTLS only; exports, checkpoints and certificates of erasure; keys that callers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootKind {
    Service,
    Evidence,
    Business,
}

impl RootKind {
    /// The organisational unit in the subject, by which an issuer's certificate is held against its key's purpose.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Service => "service root",
            Self::Evidence => "evidence root",
            Self::Business => "business root",
        }
    }

    pub const fn purpose(self) -> KeyPurpose {
        match self {
            Self::Service => KeyPurpose::ServiceRoot,
            Self::Evidence => KeyPurpose::EvidenceRoot,
            Self::Business => KeyPurpose::BusinessRoot,
        }
    }

    /// The root of a key with this purpose, if it is a root's.
    pub fn of_purpose(purpose: KeyPurpose) -> Option<Self> {
        [Self::Service, Self::Evidence, Self::Business].into_iter().find(|kind| kind.purpose() == purpose)
    }
}

/// A root's longest life.
pub const LONGEST_ROOT: Duration = Duration::from_secs(20 * 365 * DAY);
/// How far before the moment of issuance a certificate is already valid, for clocks that differ.
pub const BACKDATE: Duration = Duration::from_secs(300);
const DAY: u64 = 24 * 60 * 60;

/// Makes a root's self-signed certificate: a CA below which no further CA may stand.
///
/// Inputs: the kind; the installation's name (goes into the subject); the key; 16 random bytes; the moment; the lifetime,
/// at most 20 years. Errors: see [`CaError`].
pub fn self_signed_root(
    kind: RootKind,
    installation: &str,
    (store, key): (&dyn Sign, &StoredKey),
    serial: [u8; 16],
    now: Timestamp,
    lifetime: Duration,
) -> Result<Certificate, CaError> {
    if lifetime > LONGEST_ROOT || lifetime.is_zero() {
        return Err(CaError::Refused("a root lives 20 years at most"));
    }
    let signer = TokenKey::new(store, key)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(installation, kind.unit(), &format!("{installation} {}", kind.unit()));
    params.serial_number = Some(serial_number(serial));
    params.not_before = now.minus(BACKDATE).calendar();
    params.not_after = now.plus(lifetime).calendar();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    let made = params.self_signed(&signer).map_err(|error| signer.explain(&error))?;
    let certificate = Certificate::from_der(made.der())?;
    lint::root(&certificate, kind, key)?;
    Ok(certificate)
}

pub(crate) fn subject(organization: &str, unit: &str, common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, organization);
    name.push(DnType::OrganizationalUnitName, unit);
    name.push(DnType::CommonName, common_name);
    name
}

/// 126 random bits behind a first byte that keeps the number positive and 16 bytes long (RFC 5280, section 4.1.2.2).
pub(crate) fn serial_number(mut random: [u8; 16]) -> SerialNumber {
    random[0] = (random[0] & 0x3f) | 0x40;
    SerialNumber::from_slice(&random)
}

//! Certificates of the MOSIP dialect: a root of its own, master keys below it, base keys below those. What they say is fixed by
//! what MOSIP Keymanager issues, but for serial numbers, which are positive here (RFC 5280, section 4.1.2.2).

use km_crypto::PublicKey;
use km_domain::Timestamp;
use km_keystore::{Sign, StoredKey};
use km_x509::{Certificate, KeyUsages};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, KeyUsagePurpose, SerialNumber,
};
use rustls_pki_types::CertificateDer;

use crate::{CaError, TokenKey, secp256k1, token_key::signed};

/// The parts of a subject; an empty one is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    pub common_name: String,
    pub organizational_unit: String,
    pub organization: String,
    pub locality: String,
    pub state: String,
    pub country: String,
}

impl Names {
    /// The parts that a certificate's subject has.
    pub fn of(certificate: &Certificate) -> Self {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            common_name: part(&certificate.common_name),
            organizational_unit: part(&certificate.organizational_unit),
            organization: part(&certificate.organization),
            locality: part(&certificate.locality),
            state: part(&certificate.state),
            country: part(&certificate.country),
        }
    }

    /// Country first, as in a certificate.
    fn distinguished(&self) -> DistinguishedName {
        let mut parts = self.parts();
        parts.reverse();
        named(&parts)
    }

    /// Common name first, as in a request.
    fn requested(&self) -> DistinguishedName {
        named(&self.parts())
    }

    fn parts(&self) -> [(DnType, &str); 6] {
        [
            (DnType::CommonName, &self.common_name),
            (DnType::OrganizationalUnitName, &self.organizational_unit),
            (DnType::OrganizationName, &self.organization),
            (DnType::LocalityName, &self.locality),
            (DnType::StateOrProvinceName, &self.state),
            (DnType::CountryName, &self.country),
        ]
    }
}

fn named(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, text) in parts.iter().filter(|(_, text)| !text.is_empty()) {
        // A country is a PrintableString (RFC 5280, appendix A.1).
        let value = match (kind, rcgen::string::PrintableString::try_from(*text)) {
            (DnType::CountryName, Ok(printable)) => DnValue::PrintableString(printable),
            _ => DnValue::Utf8String((*text).to_owned()),
        };
        name.push(kind.clone(), value);
    }
    name
}

/// Which place a certificate has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The root: self-signed, two levels of CAs may follow.
    Root,
    /// A master key below the root: signs messages and issues.
    Master,
    /// A base key below a master key: others encrypt to it.
    Base,
    /// A key that is certified by nobody else: others encrypt to it for a day.
    Transfer,
    /// A key below a master key that signs messages and issues nothing.
    Signer,
    /// A partner's key below the signing master key: signs messages and issues nothing.
    Partner,
    /// The same for one to which others encrypt too.
    PartnerWhoDecrypts,
}

/// From when until when, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

/// Makes a certificate that the key of the store signs for itself: the dialect's root, or one for a transfer.
///
/// Inputs: 8 random bytes for the serial number; the validity. Errors: another place; see [`CaError`].
pub fn self_signed(
    names: &Names,
    place: Place,
    (store, key): (&dyn Sign, &StoredKey),
    serial: [u8; 8],
    validity: Validity,
) -> Result<Certificate, CaError> {
    if !matches!(place, Place::Root | Place::Transfer) {
        return Err(CaError::Refused("it has an issuer"));
    }
    let signer = TokenKey::new(store, key)?;
    let params = params(names, place, serial, validity)?;
    let made = params.self_signed(&signer).map_err(|error| signer.explain(&error))?;
    let certificate = Certificate::from_der(made.der())?;
    let public = key.public.as_ref().ok_or(CaError::Key("its public half is not known"))?;
    checked(certificate, place, public, None)
}

/// Issues a certificate of the dialect.
///
/// Inputs: the issuer's certificate and its key; place and subject of the new one; the public key; 8 random bytes for the serial
/// number; the validity. Errors: see [`CaError`]. What is returned has been read back, compared and verified under its issuer.
pub fn issue(
    issuer: &Certificate,
    (store, key): (&dyn Sign, &StoredKey),
    names: &Names,
    place: Place,
    public_key: &PublicKey,
    serial: [u8; 8],
    validity: Validity,
) -> Result<Certificate, CaError> {
    if !issuer.is_ca || matches!(place, Place::Root | Place::Transfer) {
        return Err(CaError::Refused("the issuer is no CA of the dialect"));
    }
    if key.public.as_ref() != Some(&issuer.public_key) {
        return Err(CaError::Key("it is not the key of the issuer's certificate"));
    }
    let signer = TokenKey::new(store, key)?;
    let above = rcgen::Issuer::from_ca_cert_der(&CertificateDer::from(issuer.der.as_slice()), signer)
        .map_err(|_| CaError::Lint("the issuer's certificate could not be read"))?;
    let certificate = signed(params(names, place, serial, validity)?, public_key, &above)?;
    checked(certificate, place, public_key, Some(issuer))
}

/// A request for a certificate (PKCS #10, RFC 2986) for a key of the store, DER.
pub fn request(names: &Names, (store, key): (&dyn Sign, &StoredKey)) -> Result<Vec<u8>, CaError> {
    let signer = TokenKey::new(store, key)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = names.requested();
    let made = params.serialize_request(&signer).map_err(|error| signer.explain(&error))?;
    let der = match &key.public {
        Some(PublicKey::Secp256k1(point)) => secp256k1::respelled(made.der(), point, &signer)?,
        _ => made.der().to_vec(),
    };
    km_x509::request::parse_and_verify(&der)?;
    Ok(der)
}

fn params(names: &Names, place: Place, serial: [u8; 8], validity: Validity) -> Result<CertificateParams, CaError> {
    if validity.not_after.seconds() <= validity.not_before.seconds() {
        return Err(CaError::Refused("it would end before it begins"));
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = names.distinguished();
    params.serial_number = Some(serial_number(serial));
    params.not_before = Timestamp::from_seconds(validity.not_before.seconds()).calendar();
    params.not_after = Timestamp::from_seconds(validity.not_after.seconds()).calendar();
    let signs_and_issues = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    (params.is_ca, params.key_usages) = match place {
        Place::Root => (IsCa::Ca(BasicConstraints::Constrained(2)), signs_and_issues),
        Place::Master => (IsCa::Ca(BasicConstraints::Constrained(1)), signs_and_issues),
        Place::Base | Place::Transfer => (IsCa::ExplicitNoCa, vec![KeyUsagePurpose::KeyEncipherment]),
        Place::Signer | Place::Partner => (IsCa::ExplicitNoCa, vec![KeyUsagePurpose::DigitalSignature]),
        Place::PartnerWhoDecrypts => {
            (IsCa::ExplicitNoCa, vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment])
        }
    };
    Ok(params)
}

/// 62 random bits behind two that keep the number positive and 8 bytes long.
fn serial_number(mut random: [u8; 8]) -> SerialNumber {
    random[0] = (random[0] & 0x3f) | 0x40;
    SerialNumber::from_slice(&random)
}

/// What was made is what it shall be, and verifies under its issuer.
fn checked(
    certificate: Certificate,
    place: Place,
    public_key: &PublicKey,
    issuer: Option<&Certificate>,
) -> Result<Certificate, CaError> {
    let above = issuer.unwrap_or(&certificate);
    let signs = KeyUsages { digital_signature: true, ..KeyUsages::default() };
    let issues = KeyUsages { certificate_sign: true, ..signs };
    let (path_length, usages) = match place {
        Place::Root => (Some(2), issues),
        Place::Master => (Some(1), issues),
        Place::Base | Place::Transfer => (None, KeyUsages { key_encipherment: true, ..KeyUsages::default() }),
        Place::Signer | Place::Partner => (None, signs),
        Place::PartnerWhoDecrypts => (None, KeyUsages { key_encipherment: true, ..signs }),
    };
    let rules = [
        (certificate.spki == public_key.to_spki_der(), "its public key"),
        (certificate.is_ca == path_length.is_some() && certificate.path_length == path_length, "its place"),
        (certificate.key_usages == Some(usages), "its key usage"),
        (certificate.issuer == above.subject, "its issuer is another"),
        (certificate.serial.len() == 8, "its serial number"),
    ];
    if let Some((_, rule)) = rules.iter().find(|(holds, _)| !holds) {
        return Err(CaError::Lint(rule));
    }
    certificate.is_signed_by(above)?;
    Ok(certificate)
}

#[cfg(test)]
#[path = "mosip_tests.rs"]
mod tests;

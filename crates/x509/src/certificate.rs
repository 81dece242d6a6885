//! A certificate, read once into a type (RFC 5280).

use std::net::IpAddr;

use km_crypto::PublicKey;
use km_domain::Timestamp;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{DistributionPointName, ExtendedKeyUsage, GeneralName, ParsedExtension},
    prelude::FromDer,
    time::ASN1Time,
    x509::AttributeTypeAndValue,
};

use crate::X509Error;

/// What a certificate says. Reading it proves nothing: [`crate::verify_chain`] judges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub der: Vec<u8>,
    /// 1 to 3.
    pub version: u32,
    /// The subject's name as text (RFC 4514 order as encoded), for people.
    pub subject: String,
    pub issuer: String,
    /// The names as they stand in the certificate, DER: by these, not by their texts, certificates are joined.
    pub subject_der: Vec<u8>,
    pub issuer_der: Vec<u8>,
    pub common_name: Option<String>,
    pub organization: Option<String>,
    pub organizational_unit: Option<String>,
    pub locality: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    /// Big-endian, without leading zeros.
    pub serial: Vec<u8>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub public_key: PublicKey,
    /// The SubjectPublicKeyInfo as it stands in the certificate, DER.
    pub spki: Vec<u8>,
    pub uris: Vec<String>,
    pub dns_names: Vec<String>,
    pub addresses: Vec<IpAddr>,
    pub is_ca: bool,
    /// How many CA certificates may follow below this one.
    pub path_length: Option<u32>,
    /// Absent when the certificate has no such extension.
    pub key_usages: Option<KeyUsages>,
    pub extended_usages: Vec<ExtendedUsage>,
    /// The object identifier of the algorithm that its issuer signed it with.
    pub signature_algorithm: String,
    /// Where its issuer's revocation lists are to be had (RFC 5280, section 4.2.1.13), as it says.
    pub list_addresses: Vec<String>,
    /// Whether it limits the names below it.
    pub has_name_constraints: bool,
    /// Whether it demands by a critical extension what nobody here looks at.
    pub has_unknown_critical: bool,
}

/// The bits of the key usage extension that we look at (RFC 5280, section 4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyUsages {
    pub digital_signature: bool,
    pub key_encipherment: bool,
    pub key_agreement: bool,
    pub certificate_sign: bool,
    pub crl_sign: bool,
}

/// What an extended key usage extension allows (RFC 5280, section 4.2.1.12; RFC 9336).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtendedUsage {
    ServerAuth,
    ClientAuth,
    EmailProtection,
    DocumentSigning,
    /// Any other, by its object identifier.
    Other(String),
}

/// id-kp-documentSigning (RFC 9336, section 3.1).
const DOCUMENT_SIGNING: &str = "1.3.6.1.5.5.7.3.36";

impl Certificate {
    /// Reads one DER certificate. Refuses trailing bytes, repeated extensions and public keys of kinds that we do not use.
    pub fn from_der(der: &[u8]) -> Result<Self, X509Error> {
        let malformed = X509Error::Malformed("the certificate");
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| malformed.clone())?;
        if !rest.is_empty() {
            return Err(malformed);
        }
        let names = alternative_names(&parsed)?;
        let basic = parsed.basic_constraints().map_err(|_| malformed.clone())?;
        let key_usages = parsed.key_usage().map_err(|_| malformed.clone())?.map(|extension| {
            let usage = extension.value;
            KeyUsages {
                digital_signature: usage.digital_signature(),
                key_encipherment: usage.key_encipherment(),
                key_agreement: usage.key_agreement(),
                certificate_sign: usage.key_cert_sign(),
                crl_sign: usage.crl_sign(),
            }
        });
        let extended = parsed.extended_key_usage().map_err(|_| malformed)?;
        let further = further(&parsed);
        let spki = parsed.public_key().raw.to_vec();
        Ok(Self {
            der: der.to_vec(),
            version: parsed.version().0.saturating_add(1),
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            subject_der: parsed.subject().as_raw().to_vec(),
            issuer_der: parsed.issuer().as_raw().to_vec(),
            common_name: first_text(parsed.subject().iter_common_name()),
            organization: first_text(parsed.subject().iter_organization()),
            organizational_unit: first_text(parsed.subject().iter_organizational_unit()),
            locality: first_text(parsed.subject().iter_locality()),
            state: first_text(parsed.subject().iter_state_or_province()),
            country: first_text(parsed.subject().iter_country()),
            serial: without_leading_zeros(parsed.raw_serial()).to_vec(),
            not_before: timestamp(parsed.validity().not_before),
            not_after: timestamp(parsed.validity().not_after),
            public_key: PublicKey::from_spki_der(&spki).map_err(|_| X509Error::Unsupported("the public key"))?,
            spki,
            uris: names.uris,
            dns_names: names.dns_names,
            addresses: names.addresses,
            is_ca: basic.as_ref().is_some_and(|extension| extension.value.ca),
            path_length: basic.and_then(|extension| extension.value.path_len_constraint),
            key_usages,
            extended_usages: extended.map(|extension| extended_usages(extension.value)).unwrap_or_default(),
            signature_algorithm: parsed.signature_algorithm.algorithm.to_id_string(),
            list_addresses: further.list_addresses,
            has_name_constraints: further.has_name_constraints,
            has_unknown_critical: further.has_unknown_critical,
        })
    }

    /// Reads the first certificate of a PEM text.
    pub fn from_pem(text: &str) -> Result<Self, X509Error> {
        let certificates = crate::pem::certificates(text)?;
        Self::from_der(certificates.first().ok_or(X509Error::Malformed("the PEM text"))?)
    }

    /// The certificate as PEM (RFC 7468).
    pub fn to_pem(&self) -> String {
        km_crypto::pem::encode("CERTIFICATE", &self.der)
    }

    /// The serial number as lower-case hexadecimal.
    pub fn serial_text(&self) -> String {
        self.serial.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the moment lies inside the validity period, its ends included (RFC 5280, section 4.1.2.5).
    pub fn is_valid_at(&self, at: Timestamp) -> bool {
        self.not_before.seconds() <= at.seconds() && at.seconds() <= self.not_after.seconds()
    }

    /// Whether the issuer's key made the signature of this certificate. Says nothing of names, times or usages: see
    /// [`crate::verify_chain`].
    pub fn is_signed_by(&self, issuer: &Certificate) -> Result<(), X509Error> {
        let malformed = |_| X509Error::Malformed("the certificate");
        let (_, certificate) = X509Certificate::from_der(&self.der).map_err(malformed)?;
        let (_, above) = X509Certificate::from_der(&issuer.der).map_err(malformed)?;
        certificate.verify_signature(Some(above.public_key())).map_err(|_| X509Error::BadSignature("the certificate"))
    }

    /// Whether it issued itself: one name, and its own key signed it.
    pub fn is_self_signed(&self) -> bool {
        self.subject_der == self.issuer_der && self.is_signed_by(self).is_ok()
    }

    /// Whether its issuer signed it in a way in which nobody forges signatures today: SHA-2, or Ed25519.
    pub fn is_signed_soundly(&self) -> bool {
        is_sound(&self.signature_algorithm)
    }

    pub fn allows(&self, usage: &ExtendedUsage) -> bool {
        self.extended_usages.contains(usage)
    }
}

/// RSA with SHA-256, SHA-384, SHA-512 (RFC 4055), RSASSA-PSS (the library takes these hashes only), ECDSA with SHA-256 and SHA-384
/// (RFC 5758), Ed25519 (RFC 8410).
const SOUND: [&str; 7] = [
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.113549.1.1.10",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.3.101.112",
];

/// Whether nobody forges signatures of this algorithm today.
pub(crate) fn is_sound(algorithm: &str) -> bool {
    SOUND.contains(&algorithm)
}

/// Length in bits of the RSA key of a DER certificate, also where it is one that [`Certificate::from_der`] refuses; none of another
/// kind of key.
pub fn rsa_bits(der: &[u8]) -> Option<usize> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    match parsed.public_key().parsed().ok()? {
        x509_parser::public_key::PublicKey::RSA(key) => Some(key.key_size()),
        _ => None,
    }
}

#[derive(Default)]
struct Further {
    list_addresses: Vec<String>,
    has_name_constraints: bool,
    has_unknown_critical: bool,
}

fn further(parsed: &X509Certificate<'_>) -> Further {
    let mut further = Further::default();
    for extension in parsed.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => {
                // A list of some reasons, or by another than the issuer, says too little.
                let whole = points.iter().filter(|point| point.reasons.is_none() && point.crl_issuer.is_none());
                let names = whole.filter_map(|point| point.distribution_point.as_ref());
                further.list_addresses.extend(names.flat_map(addresses));
            }
            ParsedExtension::NameConstraints(_) => further.has_name_constraints = true,
            ParsedExtension::AuthorityKeyIdentifier(_)
            | ParsedExtension::SubjectKeyIdentifier(_)
            | ParsedExtension::KeyUsage(_)
            | ParsedExtension::CertificatePolicies(_)
            | ParsedExtension::SubjectAlternativeName(_)
            | ParsedExtension::IssuerAlternativeName(_)
            | ParsedExtension::BasicConstraints(_)
            | ParsedExtension::ExtendedKeyUsage(_)
            | ParsedExtension::AuthorityInfoAccess(_)
            | ParsedExtension::SubjectInfoAccess(_) => {}
            _ => further.has_unknown_critical |= extension.critical,
        }
    }
    further
}

/// The addresses in a distribution point's name.
pub(crate) fn addresses(name: &DistributionPointName<'_>) -> Vec<String> {
    let DistributionPointName::FullName(names) = name else { return Vec::new() };
    let uri = |name: &GeneralName<'_>| match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    };
    names.iter().filter_map(uri).collect()
}

#[derive(Default)]
struct AlternativeNames {
    uris: Vec<String>,
    dns_names: Vec<String>,
    addresses: Vec<IpAddr>,
}

fn alternative_names(parsed: &X509Certificate<'_>) -> Result<AlternativeNames, X509Error> {
    let malformed = X509Error::Malformed("the certificate's alternative names");
    let mut names = AlternativeNames::default();
    let Some(extension) = parsed.subject_alternative_name().map_err(|_| malformed.clone())? else {
        return Ok(names);
    };
    for name in &extension.value.general_names {
        match name {
            GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
            GeneralName::DNSName(name) => names.dns_names.push((*name).to_owned()),
            GeneralName::IPAddress(octets) => names.addresses.push(address(octets).ok_or_else(|| malformed.clone())?),
            GeneralName::Invalid(..) => return Err(malformed),
            _ => {}
        }
    }
    Ok(names)
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(octets).ok()?)),
        16 => Some(IpAddr::from(<[u8; 16]>::try_from(octets).ok()?)),
        _ => None,
    }
}

fn extended_usages(extension: &ExtendedKeyUsage<'_>) -> Vec<ExtendedUsage> {
    let named = [
        (extension.server_auth, ExtendedUsage::ServerAuth),
        (extension.client_auth, ExtendedUsage::ClientAuth),
        (extension.email_protection, ExtendedUsage::EmailProtection),
        (extension.any, ExtendedUsage::Other("2.5.29.37.0".to_owned())),
        (extension.code_signing, ExtendedUsage::Other("1.3.6.1.5.5.7.3.3".to_owned())),
        (extension.time_stamping, ExtendedUsage::Other("1.3.6.1.5.5.7.3.8".to_owned())),
        (extension.ocsp_signing, ExtendedUsage::Other("1.3.6.1.5.5.7.3.9".to_owned())),
    ];
    let others = extension.other.iter().map(|oid| match oid.to_id_string() {
        oid if oid == DOCUMENT_SIGNING => ExtendedUsage::DocumentSigning,
        oid => ExtendedUsage::Other(oid),
    });
    named.into_iter().filter(|(present, _)| *present).map(|(_, usage)| usage).chain(others).collect()
}

fn first_text<'a>(mut attributes: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>) -> Option<String> {
    attributes.next().and_then(|attribute| attribute.as_str().ok()).map(str::to_owned)
}

pub(crate) fn timestamp(moment: ASN1Time) -> Timestamp {
    Timestamp::from_seconds(moment.timestamp())
}

pub(crate) fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    &bytes[start..]
}

//! Detached CMS signatures (RFC 5652), laid out so that stock `openssl cms -verify` checks them: one signer, SHA-256, ECDSA
//! or RSA PKCS#1, with the signed attributes content type, message digest, signing time and signing certificate
//! (RFC 5035). This file says what is to be signed and puts the signature in its place; it knows no keys and hashes
//! nothing.

use std::time::Duration;

use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{
        CertificateSet, EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier, SignerInfo,
        SignerInfos,
    },
};
use der::{
    Any, Decode, Encode, Sequence, Tagged,
    asn1::{GeneralizedTime, ObjectIdentifier, OctetString, SetOfVec, UtcTime},
};
use km_domain::Timestamp;
use x509_cert::{Certificate, attr::Attribute, spki::AlgorithmIdentifierOwned, time::Time};

use crate::FormatError;

const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const ID_CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const ID_MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const ID_SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const ID_SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const ID_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const ID_ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ID_RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// 2050-01-01T00:00:00Z, from which on times are written with four digits of year (RFC 5652, section 11.3).
const YEAR_2050: i64 = 2_524_608_000;
/// Longest signature file that is read.
const LONGEST: usize = 256 * 1024;

const CERTIFICATE: FormatError = FormatError::new("a certificate", "DER (RFC 5280)");
const TIME: FormatError = FormatError::new("the signing time", "between 1970 and 9999");
const SIGNED_DATA: FormatError = FormatError::new("the signature", "detached CMS signed data in DER");
const ATTRIBUTES: FormatError = FormatError::new(
    "the signed attributes",
    "content type, message digest, signing time and signing certificate, each once",
);

/// The signature algorithms that are written and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CmsSignature {
    /// ECDSA with SHA-256; the signature is DER (RFC 5753).
    EcdsaSha256,
    /// RSA PKCS#1 v1.5 with SHA-256 (RFC 5754).
    RsaSha256,
}

/// What the signed attributes say.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    pub content_sha256: [u8; 32],
    pub certificate_sha256: [u8; 32],
    pub certificate: &'a [u8],
    pub signing_time: Timestamp,
}

/// A signature taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedCms {
    /// The bytes that were signed.
    pub signed_attributes: Vec<u8>,
    pub algorithm: CmsSignature,
    pub signature: Vec<u8>,
    /// The signer's certificate, found by issuer and serial number.
    pub certificate: Vec<u8>,
    /// The other certificates that came along.
    pub chain: Vec<Vec<u8>>,
    pub content_sha256: [u8; 32],
    /// Must equal the digest of `certificate`.
    pub certificate_sha256: [u8; 32],
    pub signing_time: Timestamp,
}

/// The bytes to be signed: the DER of the signed attributes as a SET (RFC 5652, section 5.4).
pub fn signed_attributes(statement: &Statement<'_>) -> Result<Vec<u8>, FormatError> {
    Certificate::from_der(statement.certificate).map_err(|_| CERTIFICATE)?;
    attributes(statement)?.to_der().map_err(|_| ATTRIBUTES)
}

/// The finished detached signature as DER. `signature` is over [`signed_attributes`] of the same statement, DER where it
/// is ECDSA; `chain` are further certificates to send along (no root: verifiers have it).
pub fn signed_data(
    statement: &Statement<'_>,
    chain: &[Vec<u8>],
    algorithm: CmsSignature,
    signature: &[u8],
) -> Result<Vec<u8>, FormatError> {
    let certificate = Certificate::from_der(statement.certificate).map_err(|_| CERTIFICATE)?;
    let malformed = |_| SIGNED_DATA;
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: identifier(&certificate),
        digest_alg: sha256(),
        signed_attrs: Some(attributes(statement)?),
        signature_algorithm: algorithm.identifier(),
        signature: OctetString::new(signature).map_err(malformed)?,
        unsigned_attrs: None,
    };
    let mut certificates = vec![CertificateChoices::Certificate(certificate)];
    for der in chain {
        let certificate = Certificate::from_der(der).map_err(|_| CERTIFICATE)?;
        certificates.push(CertificateChoices::Certificate(certificate));
    }
    let signed = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from([sha256()]).map_err(malformed)?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None },
        certificates: Some(CertificateSet::try_from(certificates).map_err(malformed)?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![signer]).map_err(malformed)?,
    };
    ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed).map_err(malformed)? }
        .to_der()
        .map_err(malformed)
}

/// Takes a detached signature apart. Refused: other than one signer, content within, other algorithms, a missing,
/// repeated or further signed attribute, and bytes that are not strict DER. The caller checks digests, signature and
/// certificate.
pub fn parse(der: &[u8]) -> Result<ParsedCms, FormatError> {
    if der.len() > LONGEST {
        return Err(FormatError::new("the signature", "at most 256 KiB"));
    }
    let outer = ContentInfo::from_der(der).map_err(|_| SIGNED_DATA)?;
    // What does not come back as it was is a second spelling, which two readers may read differently.
    if outer.content_type != ID_SIGNED_DATA || outer.to_der().ok().as_deref() != Some(der) {
        return Err(SIGNED_DATA);
    }
    let signed: SignedData = outer.content.decode_as().map_err(|_| SIGNED_DATA)?;
    if Any::encode_from(&signed).ok().as_ref() != Some(&outer.content) {
        return Err(SIGNED_DATA);
    }
    if signed.encap_content_info.econtent_type != ID_DATA || signed.encap_content_info.econtent.is_some() {
        return Err(SIGNED_DATA);
    }
    // These are not signed, so that only the values that are written are taken.
    let [digest] = signed.digest_algorithms.as_slice() else { return Err(SIGNED_DATA) };
    if signed.version != CmsVersion::V1 || *digest != sha256() || signed.crls.is_some() {
        return Err(SIGNED_DATA);
    }
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(FormatError::new("the signature", "by one signer"));
    };
    if signer.version != CmsVersion::V1 || signer.digest_alg != sha256() || signer.unsigned_attrs.is_some() {
        return Err(FormatError::new("the signature", "over SHA-256, without unsigned attributes"));
    }
    let algorithm = CmsSignature::from_identifier(&signer.signature_algorithm)?;
    let (certificate, chain) = certificates(&signed, signer)?;
    let attributes = signer.signed_attrs.as_ref().ok_or(ATTRIBUTES)?;
    let (content_sha256, certificate_sha256, signing_time) = read_attributes(attributes)?;
    Ok(ParsedCms {
        signed_attributes: attributes.to_der().map_err(|_| ATTRIBUTES)?,
        algorithm,
        signature: signer.signature.as_bytes().to_vec(),
        certificate,
        chain,
        content_sha256,
        certificate_sha256,
        signing_time,
    })
}

impl CmsSignature {
    fn identifier(self) -> AlgorithmIdentifierOwned {
        match self {
            Self::EcdsaSha256 => AlgorithmIdentifierOwned { oid: ID_ECDSA_SHA256, parameters: None },
            Self::RsaSha256 => AlgorithmIdentifierOwned { oid: ID_RSA_SHA256, parameters: Some(Any::null()) },
        }
    }

    fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self, FormatError> {
        [Self::EcdsaSha256, Self::RsaSha256]
            .into_iter()
            .find(|algorithm| algorithm.identifier() == *identifier)
            .ok_or(FormatError::new("the signature algorithm", "ECDSA or RSA PKCS#1 with SHA-256"))
    }
}

/// SigningCertificateV2 with the digest algorithm left at its default, SHA-256 (RFC 5035, section 3).
#[derive(Sequence)]
struct SigningCertificateV2 {
    certificates: Vec<CertificateId>,
}

#[derive(Sequence)]
struct CertificateId {
    digest: OctetString,
}

fn attributes(statement: &Statement<'_>) -> Result<SignedAttributes, FormatError> {
    let octets = |bytes: &[u8]| OctetString::new(bytes).map_err(|_| ATTRIBUTES);
    let signing_certificate =
        SigningCertificateV2 { certificates: vec![CertificateId { digest: octets(&statement.certificate_sha256)? }] };
    SetOfVec::try_from(vec![
        attribute(ID_CONTENT_TYPE, &ID_DATA)?,
        attribute(ID_SIGNING_TIME, &time(statement.signing_time)?)?,
        attribute(ID_MESSAGE_DIGEST, &octets(&statement.content_sha256)?)?,
        attribute(ID_SIGNING_CERTIFICATE_V2, &signing_certificate)?,
    ])
    .map_err(|_| ATTRIBUTES)
}

fn attribute(oid: ObjectIdentifier, value: &(impl Encode + Tagged)) -> Result<Attribute, FormatError> {
    let malformed = |_| ATTRIBUTES;
    let bytes = value.to_der().map_err(malformed)?;
    let value = Any::from_der(&bytes).map_err(malformed)?;
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value]).map_err(malformed)? })
}

fn read_attributes(attributes: &SignedAttributes) -> Result<([u8; 32], [u8; 32], Timestamp), FormatError> {
    let malformed = ATTRIBUTES;
    let value = |oid| {
        let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
        match (found.next().map(|attribute| attribute.values.as_slice()), found.next()) {
            (Some([value]), None) => Ok(value),
            _ => Err(malformed),
        }
    };
    let digest = |octets: &OctetString| <[u8; 32]>::try_from(octets.as_bytes()).map_err(|_| malformed);

    let content_type: ObjectIdentifier = value(ID_CONTENT_TYPE)?.decode_as().map_err(|_| malformed)?;
    let content: OctetString = value(ID_MESSAGE_DIGEST)?.decode_as().map_err(|_| malformed)?;
    let signing: SigningCertificateV2 = value(ID_SIGNING_CERTIFICATE_V2)?.decode_as().map_err(|_| malformed)?;
    let time_der = value(ID_SIGNING_TIME)?.to_der().map_err(|_| malformed)?;
    let time = Time::from_der(&time_der).map_err(|_| malformed)?;
    let [certificate] = signing.certificates.as_slice() else { return Err(malformed) };
    if attributes.len() != 4 || content_type != ID_DATA {
        return Err(malformed);
    }
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| malformed)?;
    Ok((digest(&content)?, digest(&certificate.digest)?, Timestamp::from_seconds(seconds)))
}

/// The signer's certificate and the others.
fn certificates(signed: &SignedData, signer: &SignerInfo) -> Result<(Vec<u8>, Vec<Vec<u8>>), FormatError> {
    let mut found = None;
    let mut chain = Vec::new();
    for choice in signed.certificates.iter().flat_map(|set| set.0.iter()) {
        let CertificateChoices::Certificate(certificate) = choice else {
            return Err(CERTIFICATE);
        };
        let der = certificate.to_der().map_err(|_| CERTIFICATE)?;
        if identifier(certificate) == signer.sid && found.is_none() { found = Some(der) } else { chain.push(der) }
    }
    Ok((found.ok_or(FormatError::new("the signature", "accompanied by its signer's certificate"))?, chain))
}

fn identifier(certificate: &Certificate) -> SignerIdentifier {
    let body = certificate.tbs_certificate();
    SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: body.issuer().clone(),
        serial_number: body.serial_number().clone(),
    })
}

fn sha256() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: ID_SHA256, parameters: None }
}

fn time(moment: Timestamp) -> Result<Time, FormatError> {
    let since = Duration::from_secs(u64::try_from(moment.seconds()).map_err(|_| TIME)?);
    if moment.seconds() < YEAR_2050 {
        UtcTime::from_unix_duration(since).map(Time::UtcTime).map_err(|_| TIME)
    } else {
        GeneralizedTime::from_unix_duration(since).map(Time::GeneralTime).map_err(|_| TIME)
    }
}

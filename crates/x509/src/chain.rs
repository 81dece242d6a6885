//! Whether a certificate leads to a trusted root, at a moment, for a use (RFC 5280, section 6).

use std::time::Duration;

use km_domain::Timestamp;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath, aws_lc_rs as algorithms,
};

use crate::{Certificate, Crl, ExtendedUsage, X509Error};

/// What the certificate at the end of the chain is wanted for. Each demands its own key usage bits, and where an extended
/// usage exists, that it is present: a certificate without one is for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    ServerAuth,
    ClientAuth,
    /// Signed exports and certificates of erasure, so that stock `openssl cms` accepts them.
    EmailProtection,
    /// Checkpoints of the log.
    DocumentSigning,
    /// Clients encrypt to this key (the ingest key). No extended usage.
    Encryption,
    /// Answers to readers. No extended usage.
    Signing,
}

/// Builds and checks the chain.
///
/// Inputs: the leaf and intermediates as DER; the trusted roots as DER; the moment; the use; the revocation lists at hand.
/// With no list, revocation is not checked; with any, the leaf's issuer must have a current one that does not name it.
/// Errors: see [`X509Error`]; a root that is itself outside its validity period is not trusted.
pub fn verify_chain(
    leaf: &[u8],
    intermediates: &[Vec<u8>],
    roots: &[Vec<u8>],
    at: Timestamp,
    usage: Usage,
    crls: &[Crl],
) -> Result<(), X509Error> {
    // 1. What the certificate says of itself.
    let certificate = Certificate::from_der(leaf)?;
    check_leaf(&certificate, usage)?;

    // 2. The roots that are valid at this moment. webpki takes an anchor's validity on trust.
    let roots = trusted_at(roots, at)?;
    let root_ders: Vec<CertificateDer<'_>> =
        roots.iter().map(|root| CertificateDer::from(root.der.as_slice())).collect();
    let anchors =
        root_ders.iter().map(webpki::anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>().map_err(refusal)?;

    // 3. Signatures, validity, constraints, extended usage, revocation.
    let leaf = CertificateDer::from(leaf);
    let intermediates: Vec<CertificateDer<'_>> =
        intermediates.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let path = PathInput { leaf: &leaf, intermediates: &intermediates, roots: &roots, anchors: &anchors, at, usage };
    path.verify(crls)
}

struct PathInput<'a> {
    leaf: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    roots: &'a [Certificate],
    anchors: &'a [TrustAnchor<'a>],
    at: Timestamp,
    usage: Usage,
}

impl PathInput<'_> {
    fn verify(&self, crls: &[Crl]) -> Result<(), X509Error> {
        let end = EndEntityCert::try_from(self.leaf).map_err(refusal)?;
        let lists: Vec<CertRevocationList<'_>> =
            crls.iter().map(|crl| CertRevocationList::from(crl.list.clone())).collect();
        let lists: Vec<&CertRevocationList<'_>> = lists.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_depth(RevocationCheckDepth::EndEntity)
                .with_status_policy(UnknownStatusPolicy::Deny)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        });
        let seconds = u64::try_from(self.at.seconds()).map_err(|_| X509Error::NotYetValid)?;
        end.verify_for_usage(
            ACCEPTED,
            self.anchors,
            self.intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            Purpose(self.usage),
            revocation,
            Some(&|path| self.check_issuers(path)),
        )
        .map(|_| ())
        .map_err(refusal)
    }

    /// What webpki leaves out: key usage bits of the CA certificates, and the root's own path length.
    fn check_issuers(&self, path: &VerifiedPath<'_>) -> Result<(), webpki::Error> {
        if !path.intermediate_certificates().all(|certificate| may_issue(&certificate.der())) {
            return Err(webpki::Error::EndEntityUsedAsCa);
        }
        let below_root = u32::try_from(path.intermediate_certificates().count()).unwrap_or(u32::MAX);
        // An anchor's key information is the certificate's without its outer tag and length.
        let anchor_key: &[u8] = path.anchor().subject_public_key_info.as_ref();
        let root = self.roots.iter().find(|root| root.spki.ends_with(anchor_key));
        match root.and_then(|root| root.path_length) {
            Some(longest) if below_root > longest => Err(webpki::Error::PathLenConstraintViolated),
            _ => Ok(()),
        }
    }
}

fn may_issue(der: &CertificateDer<'_>) -> bool {
    Certificate::from_der(der)
        .is_ok_and(|certificate| certificate.is_ca && certificate.key_usages.is_none_or(|bits| bits.certificate_sign))
}

fn check_leaf(certificate: &Certificate, usage: Usage) -> Result<(), X509Error> {
    if certificate.is_ca {
        return Err(X509Error::WrongUsage("it is a CA certificate"));
    }
    let bits = certificate.key_usages.unwrap_or_default();
    if bits.certificate_sign || bits.crl_sign {
        return Err(X509Error::WrongUsage("its key usage is a CA's"));
    }
    let fits = match usage {
        Usage::Encryption => bits.key_agreement || bits.key_encipherment,
        _ => bits.digital_signature,
    };
    if !fits {
        return Err(X509Error::WrongUsage("its key usage does not allow it"));
    }
    let extended_fits = match usage {
        Usage::ServerAuth => certificate.allows(&ExtendedUsage::ServerAuth),
        Usage::ClientAuth => certificate.allows(&ExtendedUsage::ClientAuth),
        Usage::EmailProtection => certificate.allows(&ExtendedUsage::EmailProtection),
        Usage::DocumentSigning => certificate.allows(&ExtendedUsage::DocumentSigning),
        Usage::Encryption | Usage::Signing => certificate.extended_usages.is_empty(),
    };
    if extended_fits { Ok(()) } else { Err(X509Error::WrongUsage("its extended key usage does not allow it")) }
}

fn trusted_at(roots: &[Vec<u8>], at: Timestamp) -> Result<Vec<Certificate>, X509Error> {
    let mut trusted = roots.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
    trusted.retain(|root| root.is_ca && root.is_valid_at(at));
    Ok(trusted)
}

/// The extended usage as webpki asks for it, along the whole path (a CA certificate that has the extension limits what is
/// below it).
struct Purpose(Usage);

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, present: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let wanted = match self.0 {
            Usage::ServerAuth => KeyUsage::server_auth(),
            Usage::ClientAuth => KeyUsage::client_auth(),
            Usage::EmailProtection => KeyUsage::required_if_present(EMAIL_PROTECTION),
            Usage::DocumentSigning => KeyUsage::required_if_present(DOCUMENT_SIGNING),
            // Step 1 has refused a leaf with any; a CA certificate that has one is for something else.
            Usage::Encryption | Usage::Signing => KeyUsage::required_if_present(NO_PURPOSE),
        };
        wanted.validate(present)
    }
}

/// id-kp-emailProtection, 1.3.6.1.5.5.7.3.4, as the body of its DER (RFC 5280, section 4.2.1.12).
const EMAIL_PROTECTION: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 4];
/// id-kp-documentSigning, 1.3.6.1.5.5.7.3.36 (RFC 9336, section 3.1).
const DOCUMENT_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 36];
/// id-kp itself, which is no purpose, so that no extension can contain it.
const NO_PURPOSE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3];

/// What we issue and what a MOSIP installation brings. No SHA-1, no RSA below 2048 bits.
pub(crate) static ACCEPTED: &[&dyn SignatureVerificationAlgorithm] = &[
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P256_SHA384,
    algorithms::ECDSA_P384_SHA256,
    algorithms::ECDSA_P384_SHA384,
    algorithms::ED25519,
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
    algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
];

pub(crate) fn refusal(error: webpki::Error) -> X509Error {
    use webpki::Error as E;
    match error {
        E::CertExpired { .. } => X509Error::Expired,
        E::CertNotValidYet { .. } => X509Error::NotYetValid,
        E::CertRevoked => X509Error::Revoked,
        E::UnknownRevocationStatus | E::CrlExpired { .. } => X509Error::RevocationUnknown,
        E::InvalidCrlSignatureForPublicKey => X509Error::BadSignature("the revocation list"),
        E::InvalidSignatureForPublicKey => X509Error::BadSignature("the certificate"),
        E::UnknownIssuer => X509Error::UnknownIssuer,
        E::CaUsedAsEndEntity => X509Error::WrongUsage("it is a CA certificate"),
        E::EndEntityUsedAsCa => X509Error::WrongUsage("an issuer of the chain is no CA"),
        E::RequiredEkuNotFoundContext(_) => {
            X509Error::WrongUsage("the extended key usage along the chain does not allow it")
        }
        E::PathLenConstraintViolated | E::NameConstraintViolation => X509Error::Constraint,
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | E::UnsupportedCrlSignatureAlgorithmContext(_) => X509Error::Unsupported("the signature"),
        _ => X509Error::Malformed("the certificate chain"),
    }
}

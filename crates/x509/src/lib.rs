//! Certificates read and judged: parsing, chains at a given time, revocation lists, certificate requests. Nothing here
//! signs with a long-lived key; certificates are made in crate `ca`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod certificate;
pub mod chain;
pub mod crl;
pub mod names;
pub mod ocsp;
pub mod path;
pub mod pem;
pub mod request;

pub use certificate::{Certificate, ExtendedUsage, KeyUsages, rsa_bits};
pub use chain::{Usage, verify_chain};
pub use crl::{Crl, Status};
pub use path::{TrustStore, find_path};
pub use request::CertificateRequest;

/// Why a certificate, chain, request or revocation list was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum X509Error {
    /// Not what it should be; the text names the part.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// A public key or signature algorithm that we do not use.
    #[error("{0} uses an algorithm that is not accepted")]
    Unsupported(&'static str),
    /// The signature of a certificate, request or list does not verify.
    #[error("the signature of {0} does not verify")]
    BadSignature(&'static str),
    /// No chain leads from the certificate to a trusted root.
    #[error("the certificate does not lead to a trusted root")]
    UnknownIssuer,
    /// A certificate of the chain is no longer valid at that time.
    #[error("the certificate has expired")]
    Expired,
    /// A certificate of the chain is not yet valid at that time.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// The certificate is on its issuer's revocation list.
    #[error("the certificate is revoked")]
    Revoked,
    /// Revocation was to be checked, and no current list of the issuer was at hand.
    #[error("the certificate's revocation status is not known")]
    RevocationUnknown,
    /// The certificate is for something else: key usage, extended key usage, or a CA certificate at the end of a chain.
    #[error("the certificate is not for this use: {0}")]
    WrongUsage(&'static str),
    /// A name or number that no sane certificate has; the text says which.
    #[error("the certificate is refused for {0}")]
    Absurd(&'static str),
    /// The chain breaks a constraint of one of its certificates.
    #[error("the chain breaks a constraint of one of its certificates")]
    Constraint,
}

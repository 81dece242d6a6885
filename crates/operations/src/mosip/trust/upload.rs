//! What every certificate has to be that is uploaded, whoever's it is; and the rows that authorities become.

use std::sync::Arc;

use km_crypto::random;
use km_domain::{RecordId, TenantId, Timestamp};
use km_storage::MosipAuthorityRow;
use km_x509::{Certificate, X509Error};

use super::{Authority, AuthorityKind, PartnerFault, authority::thumbprint};
use crate::{Keys, OperationError, Operations, keys::seal_row};

/// Reads a certificate as a stranger's.
///
/// Errors: it does not read; its key is of no kind or size of ours; its names are absurd.
pub(super) fn strangers(der: &[u8]) -> Result<Certificate, PartnerFault> {
    if km_x509::rsa_bits(der).is_some_and(|bits| bits < LEAST_RSA) {
        return Err(PartnerFault::KeySize);
    }
    let certificate = Certificate::from_der(der).map_err(refused)?;
    km_x509::names::check(&certificate).map_err(refused)?;
    Ok(certificate)
}

/// Shortest RSA key that is taken, in bits.
const LEAST_RSA: usize = 2048;

/// The first certificate of a PEM text, read as a stranger's.
///
/// Errors: as [`strangers`].
pub(super) fn strangers_pem(text: &str) -> Result<Certificate, PartnerFault> {
    let found = km_x509::pem::certificates(text).map_err(refused)?;
    strangers(found.first().ok_or(PartnerFault::Invalid(""))?)
}

/// The first certificate of a PEM text, DER, whoever's it is.
pub fn first_certificate(text: &str) -> Option<Vec<u8>> {
    km_x509::pem::certificates(text).ok()?.into_iter().next()
}

/// Whether now is a good time for it.
///
/// Errors: it begins later; it has ended.
pub(super) fn in_time(certificate: &Certificate, now: Timestamp) -> Result<(), PartnerFault> {
    match now.seconds() {
        now if now < certificate.not_before.seconds() => Err(PartnerFault::Future),
        now if now > certificate.not_after.seconds() => Err(PartnerFault::OutOfTime),
        _ => Ok(()),
    }
}

/// Whether it lasts for so many days from now on.
pub(super) fn lasts(certificate: &Certificate, now: Timestamp, days: u32) -> bool {
    certificate.not_after.seconds() - now.seconds() >= i64::from(days) * 86_400
}

/// Why a certificate does not read, or is not to be taken.
pub(super) fn refused(error: X509Error) -> PartnerFault {
    PartnerFault::Invalid(match error {
        X509Error::Malformed(_) | X509Error::BadSignature(_) => "",
        X509Error::Unsupported(_) => "its public key must be RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519",
        X509Error::Absurd(what) => what,
        X509Error::Revoked => "it is revoked",
        X509Error::RevocationUnknown => "whether it is revoked is not known; upload its issuer's revocation list",
        X509Error::WrongUsage(what) => what,
        X509Error::UnknownIssuer | X509Error::Expired | X509Error::NotYetValid | X509Error::Constraint => "",
    })
}

/// Why no path was found, as the dialect has it: revoked certificates by name, everything else as `missing`.
pub(super) fn no_path(error: X509Error, missing: PartnerFault) -> PartnerFault {
    match error {
        X509Error::Revoked | X509Error::RevocationUnknown => refused(error),
        _ => missing,
    }
}

/// An authority for a domain's store, sealed; issued by the one with that id, or by itself.
pub(super) fn authority(
    (operations, keys): (&Operations, &Keys),
    (tenant, domain): (&TenantId, &str),
    kind: AuthorityKind,
    issuer_id: Option<String>,
    certificate: &Certificate,
    now: Timestamp,
) -> Result<Arc<Authority>, OperationError> {
    let id = RecordId::new(now, random::bytes()).to_string();
    let mut row = MosipAuthorityRow {
        tenant: tenant.to_string(),
        domain: domain.to_owned(),
        kind: kind.name().to_owned(),
        issuer_id: issuer_id.unwrap_or_else(|| id.clone()),
        id,
        thumbprint: thumbprint(certificate),
        certificate: certificate.der.clone(),
        created: now.micros(),
        log_index: -1,
        integrity: Vec::new(),
    };
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Authority::of(row).map(Arc::new).ok_or_else(|| PartnerFault::Invalid("").into())
}

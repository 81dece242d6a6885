//! Revocation lists (RFC 5280, section 5).

use std::time::Duration;

use km_domain::Timestamp;
use km_x509::Crl;
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber};

use crate::{CaError, Issuer};

/// One revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The certificate's serial number, big-endian.
    pub serial: Vec<u8>,
    pub at: Timestamp,
    pub reason: Reason,
}

/// Why a certificate was revoked (RFC 5280, section 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Unspecified,
    KeyCompromise,
    Superseded,
    CessationOfOperation,
    PrivilegeWithdrawn,
}

/// Makes the issuer's revocation list.
///
/// Inputs: the issuer; the list's number, which never falls; what is revoked; the moment; how long the list holds. It
/// begins five minutes early, for clocks that differ. Errors: see [`CaError`].
pub fn revocation_list(
    issuer: &Issuer<'_>,
    number: u64,
    revoked: &[Revocation],
    now: Timestamp,
    lifetime: Duration,
) -> Result<Crl, CaError> {
    let params = CertificateRevocationListParams {
        this_update: now.minus(crate::root::BACKDATE).calendar(),
        next_update: now.plus(lifetime).calendar(),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let made = params.signed_by(&issuer.inner).map_err(|error| issuer.inner.key().explain(&error))?;
    let list = Crl::from_der(made.der())?;
    if revoked.iter().all(|revocation| list.lists(&revocation.serial)) {
        Ok(list)
    } else {
        Err(CaError::Lint("a revoked certificate is not on the list"))
    }
}

fn entry(revocation: &Revocation) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(&revocation.serial),
        revocation_time: revocation.at.calendar(),
        // RFC 5280: an unspecified reason is said by leaving it out.
        reason_code: match revocation.reason {
            Reason::Unspecified => None,
            Reason::KeyCompromise => Some(RevocationReason::KeyCompromise),
            Reason::Superseded => Some(RevocationReason::Superseded),
            Reason::CessationOfOperation => Some(RevocationReason::CessationOfOperation),
            Reason::PrivilegeWithdrawn => Some(RevocationReason::PrivilegeWithdrawn),
        },
        invalidity_date: None,
    }
}

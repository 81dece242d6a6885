//! A partner: the certificate that it brought, and the one that we issued for its key.

use km_audit::EventKind;
use km_domain::Timestamp;
use km_storage::{MosipPartnerRow, Unrecorded};
use km_x509::Certificate;

use super::{PartnerFault, admitted, checked_id};
use crate::{Caller, Operation, Operations};

/// A partner's row, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub id: String,
    pub domain: String,
    pub certificate: Certificate,
    /// Ours for the same key; its own again where its domain's keys are not signed.
    pub issued: Certificate,
}

impl Partner {
    /// A partner from its row; none where a column makes no sense.
    pub(super) fn of(row: MosipPartnerRow) -> Option<Self> {
        Some(Self {
            id: row.id,
            domain: row.domain,
            certificate: Certificate::from_der(&row.certificate).ok()?,
            issued: Certificate::from_der(&row.issued).ok()?,
        })
    }
}

/// Both certificates of a partner, PEM, and the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerCertificates {
    pub own: String,
    pub issued: String,
    pub now: Timestamp,
}

/// The certificates of the partner with this id.
///
/// Errors: there is none; no id can be this.
pub fn partner_certificates(operations: &Operations, caller: &Caller, id: &str) -> Operation<PartnerCertificates> {
    let keys = operations.keyring.keys();
    let found = admitted(operations, caller).and_then(|_| {
        let partner = keys.mosip.trust.partner(caller.tenant(), checked_id(id)?);
        partner.ok_or_else(|| PartnerFault::UnknownPartner.into())
    });
    match found {
        Ok(partner) => {
            let mut event = caller.event(operations, EventKind::CertificateRead);
            event.object = Some(format!("{}/partner {}", partner.domain, partner.id));
            let certificates = PartnerCertificates {
                own: partner.certificate.to_pem(),
                issued: partner.issued.to_pem(),
                now: operations.clock.now(),
            };
            Unrecorded::new(Ok(certificates), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::CertificateRead, error),
    }
}

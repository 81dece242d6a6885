//! Partners of the MOSIP dialect: of each domain a store of authorities, the certificates of partners below them, and what is known of
//! revoked ones (reference, section 1.9).
//!
//! A partner uploads the certificate that an authority of its domain issued and gets another one for the same key from us. Ours is an
//! end entity's: MOSIP makes it a CA's and puts it among the authorities, so that any partner could issue for all others.

mod authorities;
mod authority;
mod judge;
mod partner;
mod revocation;
mod rules;
mod statuses;
mod store;
mod take_authority;
mod take_partner;
mod trust_path;
mod upload;
mod upload_authority;
mod upload_partner;
mod verify_trust;

pub use authorities::{Listing, OrderBy, Page, ToList, list_authorities};
pub use authority::{Authority, AuthorityKind};
pub use partner::{Partner, PartnerCertificates, partner_certificates};
pub use revocation::{keep_list, list_addresses};
pub use rules::TrustRules;
pub use statuses::{StatusQuestion, Statuses, keep_status, status_questions};
pub use store::TrustStores;
pub use take_authority::{IncomingAuthority, take_authority};
pub use take_partner::{IncomingPartner, take_partner};
pub use trust_path::trust_path;
pub use upload::first_certificate;
pub use upload_authority::{Uploaded, upload_authorities};
pub use upload_partner::{NewPartner, PartnerUploaded, upload_partner};
pub use verify_trust::verify_trust;

pub(super) use judge::leads_to_domain;
pub(super) use store::read;

use super::KeyName;
use crate::{Caller, OperationError, Operations};

/// Why a certificate of a partner or an authority is not taken, or not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartnerFault {
    /// The certificate cannot be taken; the text says why, where it reads at all.
    Invalid(&'static str),
    /// It is in the domain's store.
    AlreadyThere,
    /// Now is not between its beginning and its end.
    OutOfTime,
    /// Its beginning is still to come.
    Future,
    /// No path leads from an intermediate one to a root of the domain.
    NoRoot,
    /// No path leads from a partner's to a root of the domain.
    NoAuthority,
    /// Not of version 3.
    Version,
    /// The organization in it is not the one named.
    Organization,
    /// No id can be this.
    InvalidId,
    /// No such domain.
    Domain,
    /// No partner's certificate has the id.
    UnknownPartner,
    /// No authority's certificate has the id.
    UnknownAuthority,
    /// An RSA key of less than 2048 bits.
    KeySize,
    /// Its issuer signed it in a way that is not accepted.
    Algorithm,
    /// A partner's certificate by itself.
    SelfSigned,
    /// The caller may not have certificates signed.
    SignDenied,
    /// An authority's certificate ends too soon.
    AuthorityTooShort,
    /// A partner's certificate ends too soon.
    PartnerTooShort,
    /// Neither ROOT nor INTERMEDIATE.
    Type,
    /// The certificates could not be bundled.
    Bundle,
}

impl PartnerFault {
    /// The reason in the event.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid(_) => "mosip-partner-certificate-invalid",
            Self::AlreadyThere => "mosip-authority-exists",
            Self::OutOfTime => "mosip-partner-certificate-out-of-time",
            Self::Future => "mosip-partner-certificate-future",
            Self::NoRoot => "mosip-partner-no-root",
            Self::NoAuthority => "mosip-partner-no-authority",
            Self::Version => "mosip-partner-certificate-version",
            Self::Organization => "mosip-partner-organization",
            Self::InvalidId => "mosip-partner-invalid-id",
            Self::Domain => "mosip-partner-domain",
            Self::UnknownPartner => "mosip-partner-unknown",
            Self::UnknownAuthority => "mosip-authority-unknown",
            Self::KeySize => "mosip-partner-key-size",
            Self::Algorithm => "mosip-partner-algorithm",
            Self::SelfSigned => "mosip-partner-self-signed",
            Self::SignDenied => "mosip-partner-sign-denied",
            Self::AuthorityTooShort => "mosip-authority-too-short",
            Self::PartnerTooShort => "mosip-partner-too-short",
            Self::Type => "mosip-authority-type",
            Self::Bundle => "mosip-partner-bundle",
        }
    }
}

/// An id that MOSIP's columns could hold.
fn checked_id(id: &str) -> Result<&str, OperationError> {
    let is_id = !id.trim().is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_id { Ok(id) } else { Err(PartnerFault::InvalidId.into()) }
}

const LONGEST_ID: usize = 36;

/// Whether the caller has anything to do with partners: without a token, only where the signing application is open to that.
fn admitted<'a>(operations: &'a Operations, caller: &Caller) -> Result<&'a TrustRules, OperationError> {
    let rules = super::renew::rules(operations)?;
    let signer = KeyName { application: rules.trust.signer.clone(), reference: String::new() };
    if rules.admit(caller, &signer) { Ok(&rules.trust) } else { Err(km_policy::Denied::Role.into()) }
}

//! What configuration decides about partners.

use super::PartnerFault;
use crate::OperationError;

/// The rules of the trust stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRules {
    /// The domains, in capitals.
    pub domains: Vec<String>,
    /// The application whose master key signs partners' keys.
    pub signer: String,
    /// How many months an authority's certificate must still last when it is uploaded.
    pub authority_months: u32,
    /// For how many years a partner's key is signed, and so long must its own certificate last,
    pub partner_years: u32,
    /// but for this many days.
    pub partner_grace_days: u32,
    /// Whether keys of the domain FTM are signed too.
    pub sign_ftm: bool,
    /// Whether a certificate of which no revocation list speaks is refused.
    pub refuse_unknown: bool,
    /// The hosts from which revocation lists may be fetched, in small letters. None: nothing is fetched.
    pub list_hosts: Vec<String>,
    /// Where a responder is to be asked for the status of certificates (OCSP).
    pub responder: Option<String>,
}

/// The domain of makers of devices' chips, who keep the certificate that they have.
const FTM: &str = "FTM";

impl TrustRules {
    /// The domain, in capitals.
    ///
    /// Errors: none of the configured ones.
    pub(super) fn domain(&self, text: &str) -> Result<String, OperationError> {
        let domain = text.trim().to_uppercase();
        if self.domains.contains(&domain) { Ok(domain) } else { Err(PartnerFault::Domain.into()) }
    }

    /// Whether partners of this domain get a certificate from us.
    pub(super) fn signs(&self, domain: &str) -> bool {
        self.sign_ftm || domain != FTM
    }
}

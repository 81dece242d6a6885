//! Section `mosip.trust`: partners of the MOSIP dialect, their authorities, and revoked certificates.

use km_operations::mosip::TrustRules;
use km_service::Validate;
use serde::Deserialize;

/// Section `mosip.trust`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustConfig {
    /// The domains that partners belong to.
    pub domains: Vec<String>,
    /// The application whose master key signs partners' keys.
    pub signer: String,
    /// How many months an authority's certificate must still last when it is uploaded.
    pub authority_months: u32,
    /// For how many years a partner's key is signed, and its own certificate must last.
    pub partner_years: u32,
    /// How many days less a partner's own certificate may last.
    pub partner_grace_days: u32,
    /// Whether keys of the domain FTM are signed too.
    pub sign_ftm: bool,
    /// Whether a certificate of which no current revocation list speaks is refused.
    pub refuse_unknown_revocation: bool,
    /// Hosts, with a port where it is not the usual one, from which revocation lists are fetched that certificates name.
    pub revocation_list_hosts: Vec<String>,
    /// Minutes between two looks at those lists.
    pub revocation_list_minutes: u32,
    /// Address of a responder that is asked for the status of partners' certificates and their authorities' (OCSP).
    pub responder: Option<String>,
}

impl Default for TrustConfig {
    fn default() -> Self {
        Self {
            domains: ["AUTH", "DEVICE", "FTM", "MISP", "TRUST_CA"].map(str::to_owned).into(),
            signer: "PMS".to_owned(),
            authority_months: 12,
            partner_years: 1,
            partner_grace_days: 30,
            sign_ftm: false,
            refuse_unknown_revocation: false,
            revocation_list_hosts: Vec::new(),
            revocation_list_minutes: 60,
            responder: None,
        }
    }
}

impl Validate for TrustConfig {
    fn faults(&self) -> Vec<String> {
        let is_word = |text: &String| {
            !text.is_empty()
                && text.len() <= 36
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        };
        let is_host = |text: &String| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
        };
        let is_web = |text: &String| text.starts_with("http://") || text.starts_with("https://");
        let rules = [
            (self.responder.as_ref().is_none_or(is_web), "mosip.trust.responder must begin with http:// or https://"),
            (self.domains.iter().all(is_word), "mosip.trust.domains must be words of letters, digits, _ and -"),
            (is_word(&self.signer), "mosip.trust.signer must be an application id"),
            (self.authority_months <= 240, "mosip.trust.authority_months must be at most 240"),
            ((1..=10).contains(&self.partner_years), "mosip.trust.partner_years must be 1 to 10"),
            (self.partner_grace_days < 365, "mosip.trust.partner_grace_days must be less than 365"),
            (
                self.revocation_list_hosts.iter().all(is_host),
                "mosip.trust.revocation_list_hosts must be hosts, such as pki.example or pki.example:8080",
            ),
            (
                (1..=10_080).contains(&self.revocation_list_minutes),
                "mosip.trust.revocation_list_minutes must be 1 to 10080",
            ),
        ];
        rules.iter().filter(|(holds, _)| !holds).map(|(_, fault)| (*fault).to_owned()).collect()
    }
}

impl TrustConfig {
    /// What operations go by.
    pub fn rules(&self) -> TrustRules {
        TrustRules {
            domains: self.domains.iter().map(|domain| domain.to_uppercase()).collect(),
            signer: self.signer.clone(),
            authority_months: self.authority_months,
            partner_years: self.partner_years,
            partner_grace_days: self.partner_grace_days,
            sign_ftm: self.sign_ftm,
            refuse_unknown: self.refuse_unknown_revocation,
            list_hosts: self.revocation_list_hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            responder: self.responder.clone(),
        }
    }
}

//! What is configured for one OpenID Connect issuer.

use km_domain::{SignatureAlgorithm, TenantId};
use serde::Deserialize;

/// An issuer whose access tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The issuer's address, exactly as the `iss` claim spells it.
    pub issuer: String,
    /// What the `aud` claim must contain.
    pub audience: String,
    /// Signature algorithms that are accepted from this issuer.
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<SignatureAlgorithm>,
    /// Where the roles stand: a claim's name, or names joined by dots.
    #[serde(default = "default_role_claim")]
    pub role_claim: String,
    /// Where the tenant comes from.
    pub tenant: TenantSource,
    /// How far clocks may differ, in seconds.
    #[serde(default = "default_leeway")]
    pub leeway_seconds: u32,
}

/// Where a principal's tenant comes from. Never from the request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantSource {
    /// Every token of the issuer belongs to this tenant.
    Fixed(TenantId),
    /// The claim of this name holds the tenant.
    Claim(String),
}

fn default_algorithms() -> Vec<SignatureAlgorithm> {
    vec![SignatureAlgorithm::Rs256, SignatureAlgorithm::Ps256, SignatureAlgorithm::Es256]
}

fn default_role_claim() -> String {
    "realm_access.roles".to_owned()
}

const fn default_leeway() -> u32 {
    30
}

/// Clocks that differ by more should be set, not tolerated.
const LONGEST_LEEWAY: u32 = 300;

impl IssuerConfig {
    /// An issuer with the defaults: RS256, PS256 and ES256, roles in `realm_access.roles`, 30 seconds.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, tenant: TenantSource) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            algorithms: default_algorithms(),
            role_claim: default_role_claim(),
            tenant,
            leeway_seconds: default_leeway(),
        }
    }

    /// Every fault of this section, each naming its field. `development` allows an issuer on plain http.
    pub fn faults(&self, development: bool) -> Vec<&'static str> {
        let is_https = self.issuer.starts_with("https://");
        let is_http = self.issuer.starts_with("http://");
        let claim_is_empty = matches!(&self.tenant, TenantSource::Claim(name) if name.is_empty());
        [
            (
                is_https || (development && is_http),
                "issuer must be an https address (http only when development = true)",
            ),
            (!self.audience.is_empty(), "audience must not be empty"),
            (!self.algorithms.is_empty(), "algorithms must name at least one"),
            (!self.role_claim.is_empty(), "role_claim must not be empty"),
            (!claim_is_empty, "tenant.claim must not be empty"),
            (self.leeway_seconds <= LONGEST_LEEWAY, "leeway_seconds must be 300 at most"),
        ]
        .into_iter()
        .filter_map(|(holds, fault)| (!holds).then_some(fault))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_http_issuer_is_a_fault_outside_development() {
        let tenant = TenantSource::Fixed("demo".parse().unwrap());
        let config = IssuerConfig::new("http://127.0.0.1:1/", "sealkeep", tenant);
        assert_eq!(config.faults(true), Vec::<&str>::new());
        assert_eq!(config.faults(false).len(), 1);
        let worse = IssuerConfig { algorithms: vec![], leeway_seconds: 301, audience: String::new(), ..config };
        assert_eq!(worse.faults(false).len(), 4);
    }

    #[test]
    fn a_section_reads_with_its_defaults() {
        let text = r#"{"issuer":"https://id.example/realms/a","audience":"sealkeep","tenant":{"fixed":"demo"}}"#;
        let config: IssuerConfig = serde_json::from_str(text).unwrap();
        let tenant = TenantSource::Fixed("demo".parse().unwrap());
        assert_eq!(config, IssuerConfig::new("https://id.example/realms/a", "sealkeep", tenant));
        assert!(serde_json::from_str::<IssuerConfig>(&text.replace("audience", "audiences")).is_err());
    }
}

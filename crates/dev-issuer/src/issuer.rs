//! What every endpoint works with.

use std::{sync::Arc, time::Duration};

use km_domain::Clock;

use crate::{accounts::Accounts, codes::Codes, settings::Settings, signing::SigningKeys};

/// The running issuer.
pub struct Issuer {
    /// The issuer's address, as `iss` says it; no slash at its end.
    pub name: String,
    pub audience: Vec<String>,
    pub lifetime: Duration,
    pub tenant_claim: String,
    pub accounts: Accounts,
    pub keys: SigningKeys,
    pub codes: Codes,
    pub clock: Arc<dyn Clock>,
}

impl Issuer {
    pub fn new(
        name: String,
        settings: &Settings,
        accounts: Accounts,
        keys: SigningKeys,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            name,
            audience: settings.audience.clone(),
            lifetime: Duration::from_secs(settings.access_token_seconds.into()),
            tenant_claim: settings.tenant_claim.clone(),
            accounts,
            keys,
            codes: Codes::default(),
            clock,
        }
    }
}

//! Access tokens: verified with the issuers' keys, which are fetched at start, now and then, and when a token names a
//! key that is not known.

use std::sync::Arc;

use km_auth::{AuthError, Discovery, Issuers, discovery};
use km_domain::{Clock, Principal};
use km_service::Fetcher;
use tokio::sync::Mutex;

/// Verifies tokens.
pub struct Tokens {
    issuers: Issuers,
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    refreshing: Mutex<()>,
}

impl Tokens {
    pub fn new(issuers: Issuers, fetcher: Fetcher, clock: Arc<dyn Clock>) -> Self {
        Self { issuers, fetcher, clock, refreshing: Mutex::new(()) }
    }

    /// The principal of a token. An unknown key is looked for once; whoever comes meanwhile waits for the outcome.
    ///
    /// # Errors
    /// As [`AuthError`].
    pub async fn verify(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        match self.issuers.verify(token, self.clock.now()) {
            Err(AuthError::UnknownKey { .. }) => {}
            other => return other,
        }
        let _turn = self.refreshing.lock().await;
        match self.issuers.verify(token, self.clock.now()) {
            Err(AuthError::UnknownKey { issuer }) if self.issuers.needs_refresh(&issuer, self.clock.now()) => {
                if let Err(reason) = self.refresh(&issuer).await {
                    tracing::warn!(event = "issuer.unreachable", reason, "an issuer's keys could not be fetched");
                }
                self.issuers.verify(token, self.clock.now())
            }
            other => other,
        }
    }

    /// Fetches the keys of every issuer. Answers whether each has been fetched at least once, now or before.
    pub async fn refresh_all(&self) -> bool {
        let names: Vec<String> = self.issuers.names().map(str::to_owned).collect();
        for issuer in names {
            if let Err(reason) = self.refresh(&issuer).await {
                tracing::warn!(event = "issuer.unreachable", issuer, reason, "an issuer's keys could not be fetched");
            }
        }
        self.issuers.are_ready()
    }

    async fn refresh(&self, issuer: &str) -> Result<(), String> {
        let document = self.fetch(&discovery::address(issuer)).await?;
        let found = Discovery::parse(&document, issuer).map_err(|error| error.to_string())?;
        let keys = self.fetch(&found.jwks_uri).await?;
        self.issuers.set_keys(issuer, &keys).map_err(|error| error.to_string())
    }

    async fn fetch(&self, address: &str) -> Result<Vec<u8>, String> {
        let document = self.fetcher.json(address).await.map_err(|error| error.to_string())?;
        Ok(document.to_string().into_bytes())
    }
}

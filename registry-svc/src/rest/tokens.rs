//! Access tokens: verified with the issuers' keys, which are fetched at start, now and then, and when a token names a
//! key that is not known.

use std::{sync::Arc, time::Duration};

use km_auth::{AuthError, Discovery, Issuers, discovery};
use km_domain::{Clock, Principal};
use km_service::Fetcher;
use tokio::sync::Mutex;

/// Verifies tokens.
pub struct Tokens {
    sources: Arc<Sources>,
    clock: Arc<dyn Clock>,
    refreshing: Mutex<()>,
}

/// The issuers and the way to them.
struct Sources {
    issuers: Issuers,
    fetcher: Fetcher,
}

/// How long a caller whose token names an unknown key waits for the issuer.
const PATIENCE: Duration = Duration::from_secs(2);

impl Tokens {
    pub fn new(issuers: Issuers, fetcher: Fetcher, clock: Arc<dyn Clock>) -> Self {
        Self { sources: Arc::new(Sources { issuers, fetcher }), clock, refreshing: Mutex::new(()) }
    }

    fn known(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        self.sources.issuers.verify(token, self.clock.now())
    }

    /// The principal of a token. An unknown key is looked for once; whoever comes meanwhile waits for the outcome. An issuer
    /// that is slow holds nobody up for long; the keys come all the same.
    ///
    /// # Errors
    /// As [`AuthError`].
    pub async fn verify(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        match self.known(token) {
            Err(AuthError::UnknownKey { .. }) => {}
            other => return other,
        }
        let looked = tokio::time::timeout(PATIENCE, async {
            let _turn = self.refreshing.lock().await;
            match self.known(token) {
                Err(AuthError::UnknownKey { issuer })
                    if self.sources.issuers.needs_refresh(&issuer, self.clock.now()) =>
                {
                    let sources = Arc::clone(&self.sources);
                    let _ = tokio::spawn(async move { sources.refresh(&issuer).await }).await;
                    self.known(token)
                }
                other => other,
            }
        });
        looked.await.unwrap_or_else(|_| self.known(token)).map_err(|error| self.sources.issuers.at_last(error))
    }

    /// Fetches the keys of every issuer.
    pub async fn refresh_all(&self) {
        for issuer in self.sources.issuers.names() {
            self.sources.refresh(issuer).await;
        }
    }

    /// Whether each issuer's keys have been fetched at least once.
    pub fn are_ready(&self) -> bool {
        self.sources.issuers.are_ready()
    }

    /// Issuers whose keys are known and could not be fetched again.
    pub fn out_of_reach(&self) -> Vec<&str> {
        self.sources.issuers.out_of_reach()
    }
}

impl Sources {
    async fn refresh(&self, issuer: &str) {
        if let Err(reason) = self.try_refresh(issuer).await {
            self.issuers.note_failure(issuer);
            tracing::warn!(event = "issuer.unreachable", issuer, reason, "an issuer's keys could not be fetched");
        }
    }

    async fn try_refresh(&self, issuer: &str) -> Result<(), String> {
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

//! Small documents from other servers (discovery, key sets, tokens, revocation lists): bounded in time and size, no redirects, no
//! proxy; https only, but for documents that carry a signature of their own.

use std::time::Duration;

use rustls::ClientConfig;
use serde_json::Value;

use crate::tls::{self, TlsError};

/// Why nothing was fetched. Never contains what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("{0}")]
    Refused(&'static str),
    #[error("no answer: {0}")]
    Unreachable(String),
    #[error("answered with status {0}")]
    Status(u16),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the answer is not JSON")]
    Malformed,
}

/// Fetches under one set of roots. Clones share its connections.
#[derive(Clone)]
pub struct Fetcher {
    client: reqwest::Client,
    clear_text_allowed: bool,
    most: usize,
}

impl Fetcher {
    /// `roots` (PEM) are the only certificates trusted. `development` admits `http:` addresses.
    ///
    /// # Errors
    /// The roots cannot be read.
    pub fn new(roots: &[u8], development: bool) -> Result<Self, TlsError> {
        let config = tls::client_config(roots, None, tls::HTTP_1_1)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(&config))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| TlsError::Trust(error.to_string()))?;
        Ok(Self { client, clear_text_allowed: development, most: 1024 * 1024 })
    }

    /// GET.
    ///
    /// # Errors
    /// See [`FetchError`]. The address is refused unless it is `https:` (or `http:` in development).
    pub async fn json(&self, url: &str) -> Result<Value, FetchError> {
        self.admit(url)?;
        self.read(self.client.get(url)).await
    }

    /// POST of a JSON document.
    ///
    /// # Errors
    /// As [`Fetcher::json`].
    pub async fn post_json(&self, url: &str, body: &Value) -> Result<Value, FetchError> {
        self.admit(url)?;
        self.read(self.client.post(url).json(body)).await
    }

    /// GET of a document that carries its own signature, which the caller checks, so that it may come over `http:` too (RFC 5280,
    /// section 8: revocation lists do, because https would need them first). `most`: its longest, in bytes.
    ///
    /// # Errors
    /// See [`FetchError`]. The address is refused unless it is `https:` or `http:`.
    pub async fn signed(&self, url: &str, most: usize) -> Result<Vec<u8>, FetchError> {
        admit_signed(url)?;
        bytes(self.client.get(url), most).await
    }

    /// POST of a question whose answer carries its own signature, as [`Fetcher::signed`].
    ///
    /// # Errors
    /// As [`Fetcher::signed`].
    pub async fn signed_answer(
        &self,
        url: &str,
        media_type: &str,
        question: Vec<u8>,
        most: usize,
    ) -> Result<Vec<u8>, FetchError> {
        admit_signed(url)?;
        bytes(self.client.post(url).header("content-type", media_type).body(question), most).await
    }

    fn admit(&self, url: &str) -> Result<(), FetchError> {
        let is_admitted = url.starts_with("https://") || (self.clear_text_allowed && url.starts_with("http://"));
        if is_admitted { Ok(()) } else { Err(FetchError::Refused("the address must begin with https://")) }
    }

    async fn read(&self, request: reqwest::RequestBuilder) -> Result<Value, FetchError> {
        let body = bytes(request.header("accept", "application/json"), self.most).await?;
        serde_json::from_slice(&body).map_err(|_| FetchError::Malformed)
    }
}

fn admit_signed(url: &str) -> Result<(), FetchError> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    let is_admitted = scheme == "https" || scheme == "http";
    if is_admitted { Ok(()) } else { Err(FetchError::Refused("the address must begin with https:// or http://")) }
}

async fn bytes(request: reqwest::RequestBuilder, most: usize) -> Result<Vec<u8>, FetchError> {
    let unreachable = |error: reqwest::Error| FetchError::Unreachable(chain_of(&error.without_url()));
    let mut response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    if !status.is_success() {
        return Err(FetchError::Status(status.as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > most {
            return Err(FetchError::TooLarge(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The innermost reason says most: "connection refused", "certificate expired".
fn chain_of(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::tests::fixtures;

    #[tokio::test]
    async fn clear_text_is_refused_outside_development() {
        let strict = Fetcher::new(fixtures::ROOT, false).unwrap();
        let refused = strict.json("http://127.0.0.1:9/x").await;
        assert!(matches!(refused, Err(FetchError::Refused(_))));
        let lax = Fetcher::new(fixtures::ROOT, true).unwrap();
        assert!(matches!(lax.json("http://127.0.0.1:9/x").await, Err(FetchError::Unreachable(_))));
        assert!(matches!(strict.signed("http://127.0.0.1:9/x", 10).await, Err(FetchError::Unreachable(_))));
        assert!(matches!(strict.signed("ftp://127.0.0.1:9/x", 10).await, Err(FetchError::Refused(_))));
    }
}

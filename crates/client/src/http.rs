//! HTTPS with a private root: TLS 1.3 only, no redirects, no proxies, bounded answers.

use std::{path::Path, sync::Arc, time::Duration};

use km_domain::SecretText;
use reqwest::{Method, StatusCode};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{ClientError, endpoints::read_text, error::problem};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(120);
/// Largest answer that is read, exports included.
const MAX_ANSWER: usize = 256 * 1024 * 1024;

/// A connection pool that trusts one root.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
}

/// An answer whose status is a success.
pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads the body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|_| ClientError::NotProven("the body is not the expected JSON"))
    }
}

/// One request. Bodies are JSON, or a form for the token endpoint.
pub struct Call<'a> {
    method: Method,
    url: String,
    token: Option<&'a SecretText>,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl<'a> Call<'a> {
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: Method::GET, url: url.into(), token: None, headers: Vec::new(), body: Vec::new() }
    }

    pub fn post(url: impl Into<String>) -> Self {
        Self { method: Method::POST, ..Self::get(url) }
    }

    pub fn put(url: impl Into<String>) -> Self {
        Self { method: Method::PUT, ..Self::get(url) }
    }

    pub fn delete(url: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(url) }
    }

    /// Sends this access token.
    pub fn token(mut self, token: &'a SecretText) -> Self {
        self.token = Some(token);
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends this as JSON.
    pub fn json<T: Serialize>(self, body: &T) -> Result<Self, ClientError> {
        let body = serde_json::to_vec(body).map_err(|_| ClientError::Setup("the request is not JSON".into()))?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    pub(crate) fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

impl Http {
    /// Trusts the root of this PEM file; shows the client certificate, where one is given (certificate and key, PEM).
    pub fn new(root: &Path, certificate: Option<(&Path, &Path)>) -> Result<Self, ClientError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let broken = |error: rustls::Error| ClientError::Setup(format!("TLS cannot be set up: {error}"));
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(broken)?
            .with_root_certificates(roots(root)?);
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate)?;
                let key_pem = SecretText::new(read_text(key)?);
                let key_der = PrivateKeyDer::from_pem_slice(key_pem.expose().as_bytes())
                    .map_err(|_| ClientError::Setup(format!("{} holds no private key", key.display())))?;
                builder.with_client_auth_cert(chain, key_der).map_err(broken)?
            }
        };
        config.resumption = rustls::client::Resumption::disabled();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| ClientError::Setup(format!("HTTPS cannot be set up: {error}")))?;
        Ok(Self { client })
    }

    /// Sends the request. A status that is no success is [`ClientError::Refused`], a 5xx is [`ClientError::Unavailable`].
    pub async fn send(&self, call: Call<'_>) -> Result<Answer, ClientError> {
        let host = call.url.split('/').nth(2).unwrap_or_default().to_owned();
        let mut request = self.client.request(call.method, &call.url).body(call.body);
        if let Some(token) = call.token {
            request = request.bearer_auth(token.expose());
        }
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        // `without_url`: an address is shown once, in our own words, and never with a query.
        let unreachable = |error: reqwest::Error| no_answer(&host, &error.without_url());
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let etag = response.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(ClientError::NotProven("the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            Ok(Answer { status: status.as_u16(), etag, body })
        } else {
            Err(refusal(status, &body))
        }
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> ClientError {
    let problem = problem(status.as_u16(), body);
    if status.is_server_error() {
        ClientError::Unavailable(problem.to_string())
    } else {
        ClientError::Refused(Box::new(problem))
    }
}

/// Why there is no answer. TLS refuses certificates before there could be one: the caller's there, the service's here.
fn no_answer(host: &str, error: &(dyn std::error::Error + 'static)) -> ClientError {
    use rustls::{AlertDescription as Alert, Error as Tls};
    match tls_error(error) {
        Some(Tls::AlertReceived(
            alert @ (Alert::BadCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRequired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied),
        )) => ClientError::Refused(Box::new(km_api::Problem {
            title: format!("{host} refuses the client certificate: {alert:?}"),
            ..km_api::Problem::of("certificate-refused", 0)
        })),
        Some(Tls::InvalidCertificate(_)) => {
            ClientError::NotProven("the service's certificate does not lead to the pinned root, or is not valid now")
        }
        _ => ClientError::Unavailable(format!("{host} did not answer: {}", causes(error))),
    }
}

/// The fault of TLS among the causes. An I/O error does not name what it holds as its source.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error
        .downcast_ref::<rustls::Error>()
        .or_else(|| held.and_then(|held| tls_error(held)))
        .or_else(|| error.source().and_then(tls_error))
}

/// The error and what caused it, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

fn roots(path: &Path) -> Result<RootCertStore, ClientError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store
            .add(certificate)
            .map_err(|_| ClientError::Setup(format!("{} holds a certificate that is no root", path.display())))?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let text = read_text(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    chain
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| ClientError::Setup(format!("{} holds no certificate", path.display())))
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustls::{AlertDescription, CertificateError};

    use super::*;

    #[test]
    fn a_refused_certificate_is_told_from_silence() {
        let within = |error: rustls::Error| io::Error::other(io::Error::other(error));
        let revoked = no_answer("host", &within(rustls::Error::AlertReceived(AlertDescription::CertificateRevoked)));
        assert!(matches!(revoked, ClientError::Refused(problem) if problem.code() == "certificate-refused"));
        let foreign = no_answer("host", &within(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)));
        assert!(matches!(foreign, ClientError::NotProven(_)));
        let closed = no_answer("host", &within(rustls::Error::AlertReceived(AlertDescription::CloseNotify)));
        assert!(matches!(closed, ClientError::Unavailable(_)));
        assert!(matches!(no_answer("host", &io::Error::other("refused")), ClientError::Unavailable(_)));
    }
}

//! Calls over HTTPS as anybody would make them, and what came back.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use crate::wait;

/// One caller at one listener.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

/// Trusts this root, shows this certificate.
pub fn https(root: &Path, certificate: Option<(&Path, &Path)>) -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).expect("a root")).expect("a root that can be trusted");
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots);
    let config = match certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain =
                CertificateDer::pem_file_iter(certificate).expect("a chain").map(|one| one.expect("PEM")).collect();
            let key = PrivateKeyDer::from_pem_file(key).expect("a key");
            builder.with_client_auth_cert(chain, key).expect("certificate and key belong together")
        }
    };
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client")
}

impl Client {
    pub fn new(http: reqwest::Client, base: &str) -> Self {
        Self { http, base: base.to_owned(), token: None, headers: Vec::new() }
    }

    /// The same caller with this token.
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The same caller without a token.
    pub fn without_token(mut self) -> Self {
        self.token = None;
        self
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().expect("this caller has a token")
    }

    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, Vec::new())
    }

    /// Sends JSON.
    #[track_caller]
    pub fn post(&self, path: &str, body: impl Into<Value>) -> Answer {
        self.send("POST", path, Some("application/json"), body.into().to_string().into_bytes())
    }

    /// Sends JSON.
    #[track_caller]
    pub fn put(&self, path: &str, body: impl Into<Value>) -> Answer {
        self.send("PUT", path, Some("application/json"), body.into().to_string().into_bytes())
    }

    /// Sends JSON.
    #[track_caller]
    pub fn delete(&self, path: &str, body: impl Into<Value>) -> Answer {
        self.send("DELETE", path, Some("application/json"), body.into().to_string().into_bytes())
    }

    /// Sends bytes as they are.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Answer {
        self.try_send(method, path, content_type, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends bytes as they are; the error says why there was no answer.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Answer, String> {
        let request_id = request_id();
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.base)).header("x-request-id", &request_id);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type).body(body);
        }
        wait(async {
            let response = request.send().await.map_err(|error| causes(&error))?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let bytes = response.bytes().await.map_err(|error| causes(&error))?.to_vec();
            let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            Ok(Answer { status, headers, bytes, body, request_id })
        })
    }
}

impl Client {
    /// One of very many calls, without a test's trappings: POST of JSON, or GET where there is none. Gives the status and
    /// Retry-After when the whole body has come.
    pub async fn ask(&self, path: &str, body: &Value) -> Result<(u16, Option<String>), String> {
        let url = format!("{}{path}", self.base);
        let request = if body.is_null() { self.http.get(url) } else { self.http.post(url).json(body) };
        let response = request.bearer_auth(self.token()).send().await.map_err(|error| causes(&error))?;
        let status = response.status().as_u16();
        let retry = response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
        response.bytes().await.map_err(|error| causes(&error))?;
        Ok((status, retry))
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// A request id that no other request of this run has.
pub fn request_id() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}-{:06}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The body, if it is JSON; null otherwise.
    pub body: Value,
    /// The name under which the request was sent.
    pub request_id: String,
}

impl Answer {
    /// The body of an answer that must be a success.
    #[track_caller]
    pub fn good(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text());
        self.body
    }

    /// An answer that must be this refusal: status, code, and the form of a problem document (RFC 9457) that names the request.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text());
        self.is_problem();
        self
    }

    /// The form of a problem document.
    #[track_caller]
    pub fn is_problem(&self) {
        assert!((400..600).contains(&self.status), "{} {}", self.status, self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        assert_eq!(self.body["status"], self.status, "{}", self.text());
        assert!(self.body["title"].as_str().is_some_and(|title| !title.is_empty()), "{}", self.text());
        assert_eq!(self.body["request_id"], self.request_id.as_str(), "{}", self.text());
        assert_eq!(self.header("x-request-id"), self.request_id);
    }

    /// The stable code of a problem, or nothing.
    pub fn code(&self) -> &str {
        code(&self.body)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The document without the request's name: what two callers can compare.
    pub fn without_request_id(&self) -> Value {
        let mut body = self.body.clone();
        body.as_object_mut().expect("a document").remove("request_id");
        body
    }
}

/// The stable code of a problem document, or nothing.
pub fn code(problem: &Value) -> &str {
    problem["type"].as_str().and_then(|text| text.strip_prefix("/docs/errors#")).unwrap_or_default()
}

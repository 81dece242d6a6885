//! TLS 1.3 for every connection: hybrid post-quantum key exchange first, certificates and trust that change while the
//! service runs, no resumption.
//!
//! Resumption is off on both sides because a resumed session is not verified again: a revoked certificate would live
//! on in it.

mod client_trust;
mod connector;
mod identity;
mod incoming;
mod peer;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::{Arc, LazyLock};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, pem::PemObject};

pub use client_trust::{ClientTrust, Standing};
pub use connector::Connector;
pub use identity::Identity;
pub use incoming::incoming;
pub use peer::{PeerCertificates, remember_peer};

/// Why certificates, keys or trust cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{what}: {rule}")]
    Malformed { what: &'static str, rule: &'static str },
    #[error("the certificate and its private key do not fit: {0}")]
    Identity(rustls::Error),
    #[error("the trusted certificates or revocation lists cannot be used: {0}")]
    Trust(String),
    #[error("a file cannot be read: {0}")]
    File(#[from] crate::config::SecretFileError),
    #[error("{path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
}

/// ALPN of HTTP/1.1 (RFC 7301).
pub const HTTP_1_1: &[u8] = b"http/1.1";
/// ALPN of HTTP/2, for gRPC.
pub const HTTP_2: &[u8] = b"h2";

/// Cryptography of TLS: aws-lc-rs with X25519MLKEM768 before X25519, P-256 and P-384.
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        use aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519, X25519MLKEM768};
        let mut provider = aws_lc_rs::default_provider();
        provider.kx_groups = vec![X25519MLKEM768, X25519, SECP256R1, SECP384R1];
        Arc::new(provider)
    });
    &PROVIDER
}

/// Makes this cryptography the process's default, for libraries that look there. A second call changes nothing.
pub fn install_default_provider() {
    let _ = CryptoProvider::clone(provider()).install_default();
}

/// The server's side of a listener. With `clients`, a client certificate under that trust is required.
///
/// # Errors
/// The cryptography does not support TLS 1.3 (never with ours).
pub fn server_config(
    identity: &Identity,
    clients: Option<&ClientTrust>,
    alpn: &[u8],
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Identity)?;
    let verifier = match clients {
        Some(trust) => trust.verifier(),
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let mut config = builder.with_client_cert_verifier(verifier).with_cert_resolver(identity.for_server());
    config.alpn_protocols = vec![alpn.to_vec()];
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
}

/// The client's side: `roots` (PEM) are the only certificates trusted; `identity` is shown to servers that ask.
///
/// # Errors
/// No root certificate, or one that cannot be read.
pub fn client_config(roots: &[u8], identity: Option<&Identity>, alpn: &[u8]) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Identity)?
        .with_root_certificates(trust_anchors(roots)?);
    let mut config = match identity {
        Some(identity) => builder.with_client_cert_resolver(identity.for_client()),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Certificates of a PEM text, in their order, as DER.
///
/// # Errors
/// The text holds none, or something that is not a certificate.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let malformed = TlsError::Malformed { what: "certificates", rule: "must be PEM with at least one certificate" };
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(malformed),
    }
}

fn trust_anchors(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| TlsError::Trust(error.to_string()))?;
    }
    Ok(roots)
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.display().to_string(), source })
}

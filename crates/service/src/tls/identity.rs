//! A certificate chain with its private key that can be exchanged while connections go on.

use std::{path::Path, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    SignatureScheme,
    client::ResolvesClientCert,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};

use super::{TlsError, certificates, provider, read};
use crate::config::read_secret_file;

/// Who this process is in TLS. Clones share the certificate: replace it in one and every handshake from then on,
/// served or dialled, shows the new one.
#[derive(Clone)]
pub struct Identity(Arc<Current>);

#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl Identity {
    /// From PEM texts: the chain with the leaf first, and the private key (PKCS#8, SEC 1 or PKCS#1).
    ///
    /// # Errors
    /// A text cannot be read, or the key does not belong to the leaf.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(Current(ArcSwap::from_pointee(certified(chain, key)?)))))
    }

    /// From files; the key file must have mode 0600.
    ///
    /// # Errors
    /// As [`Identity::from_pem`], and files that cannot be read.
    pub fn from_files(chain: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::from_pem(&read(chain)?, &read_secret_file(key)?)
    }

    /// Shows this certificate from the next handshake on. The old one stays if the new one cannot be used.
    ///
    /// # Errors
    /// As [`Identity::from_pem`].
    pub fn replace(&self, chain: &[u8], key: &[u8]) -> Result<(), TlsError> {
        self.0.0.store(Arc::new(certified(chain, key)?));
        Ok(())
    }

    /// As [`Identity::replace`], from files.
    ///
    /// # Errors
    /// As [`Identity::from_files`].
    pub fn reload(&self, chain: &Path, key: &Path) -> Result<(), TlsError> {
        self.replace(&read(chain)?, &read_secret_file(key)?)
    }

    /// The chain that is shown now, leaf first, as DER.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        self.0.0.load().cert.iter().map(|certificate| certificate.to_vec()).collect()
    }

    pub(super) fn for_server(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::clone(&self.0) as Arc<dyn ResolvesServerCert>
    }

    pub(super) fn for_client(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::clone(&self.0) as Arc<dyn ResolvesClientCert>
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl ResolvesClientCert for Current {
    fn resolve(&self, _roots: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let current = self.0.load_full();
        current.key.choose_scheme(schemes).map(|_| current)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn certified(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| TlsError::Malformed { what: "private key", rule: "must be one PEM private key" })?;
    CertifiedKey::from_der(certificates(chain)?, key, provider()).map_err(TlsError::Identity)
}

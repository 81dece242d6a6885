//! The service at the other end of a connection, from its client certificate. The TLS layer has verified the chain; here
//! the certificate says who it is.

use km_domain::{ServiceIdentity, Timestamp};
use km_x509::{Certificate, ExtendedUsage};

use crate::AuthError;

/// A verified client certificate, read. Kept with the connection; expiry and revocation are asked again per request, since
/// a connection may outlive both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub identity: ServiceIdentity,
    /// Big-endian, for comparison with a revocation list.
    pub serial: Vec<u8>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

/// Reads who holds the first certificate of a verified chain.
///
/// Errors: no certificate; one that is not for client authentication; one whose URI names are not exactly one name of ours.
pub fn peer<C: AsRef<[u8]>>(chain: &[C]) -> Result<Peer, AuthError> {
    let first = chain.first().ok_or(AuthError::Missing)?;
    let certificate = Certificate::from_der(first.as_ref()).map_err(|_| AuthError::Malformed)?;
    if certificate.is_ca || !certificate.allows(&ExtendedUsage::ClientAuth) {
        return Err(AuthError::Refused("the certificate is not for client authentication"));
    }
    let [uri] = certificate.uris.as_slice() else {
        return Err(AuthError::Refused("the certificate must have exactly one URI name"));
    };
    let identity =
        ServiceIdentity::from_uri(uri).ok_or(AuthError::Refused("the certificate's URI name is not a service's"))?;
    Ok(Peer {
        identity,
        serial: certificate.serial,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
    })
}

/// From when until when the first certificate of a chain holds; `None` where there is none that can be read.
pub fn validity<C: AsRef<[u8]>>(chain: &[C]) -> Option<(Timestamp, Timestamp)> {
    let certificate = Certificate::from_der(chain.first()?.as_ref()).ok()?;
    Some((certificate.not_before, certificate.not_after))
}

/// Only the name; see [`peer`].
pub fn identity<C: AsRef<[u8]>>(chain: &[C]) -> Result<ServiceIdentity, AuthError> {
    peer(chain).map(|peer| peer.identity)
}

impl Peer {
    /// Whether the certificate has not ended at this moment.
    pub fn is_current(&self, now: Timestamp) -> bool {
        now.seconds() <= self.not_after.seconds()
    }
}

#[cfg(test)]
#[path = "peer_tests.rs"]
mod tests;

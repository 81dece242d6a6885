//! Which keys may sign a log's checkpoints, by certificates under the evidence root: what a witness pins is the root, so
//! that the log may change its key.

use km_audit::witness::LogKeys;
use km_domain::Timestamp;
use km_formats::base64url;
use km_x509::{Certificate, Usage, verify_chain};
use serde::Deserialize;

#[derive(Deserialize)]
struct Document {
    keys: Vec<Member>,
}

/// A member of a JSON Web Key Set (RFC 7517): only its certificate is believed.
#[derive(Deserialize)]
struct Member {
    purpose: Option<String>,
    x5c: Option<Vec<String>>,
}

/// The key manager's key set holds no checkpoint key that leads to the trusted root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key set holds no checkpoint key with a certificate under the evidence root")]
pub struct NoLogKey;

/// The checkpoint keys of a key set (RFC 7517, with `purpose` and `x5c`) whose certificates lead to this root (DER, see
/// [`crate::trusted_root`]) and are made for checkpoints. Members that do not fit are passed over.
///
/// # Errors
/// Not a key set, or no member fits.
pub fn log_keys(jwks: &[u8], root: &[u8], at: Timestamp) -> Result<LogKeys, NoLogKey> {
    let document: Document = serde_json::from_slice(jwks).map_err(|_| NoLogKey)?;
    let keys = document
        .keys
        .iter()
        .filter(|member| member.purpose.as_deref() == Some("checkpoint"))
        .filter_map(|member| certified(member.x5c.as_ref()?, root, at))
        .map(|certificate| certificate.public_key)
        .collect();
    LogKeys::of(keys).map_err(|_| NoLogKey)
}

fn certified(chain: &[String], root: &[u8], at: Timestamp) -> Option<Certificate> {
    let chain: Vec<Vec<u8>> = chain.iter().map(|der| base64url::decode(der).ok()).collect::<Option<_>>()?;
    let (leaf, above) = chain.split_first()?;
    verify_chain(leaf, above, &[root.to_vec()], at, Usage::DocumentSigning, &[]).ok()?;
    Certificate::from_der(leaf).ok()
}

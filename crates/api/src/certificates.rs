//! The first certificate of a service.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/enrol`: a one-time token buys one certificate. No Debug: the token is a secret.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolService {
    /// What the one-time token file holds.
    pub token: String,
    /// A PKCS#10 request (RFC 2986), DER, base64.
    pub csr: crate::Base64Url,
}

impl Drop for EnrolService {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.token);
    }
}

/// A certificate and what it hangs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedCertificate {
    /// PEM, the leaf first, without the root.
    pub chain: Vec<String>,
    /// The service root, PEM.
    pub root: String,
}

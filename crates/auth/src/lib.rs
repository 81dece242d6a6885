//! Who is calling: an access token becomes a principal, a client certificate becomes a service identity. Nothing here
//! fetches anything; the edge fetches an issuer's documents and hands them in.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod audience;
pub mod bearer;
mod claims;
pub mod discovery;
mod issuer;
mod issuers;
mod jwks;
pub mod peer;
mod request;
#[cfg(test)]
mod tests;
mod token;
mod verified;
mod verifier;

pub use audience::Audience;
pub use bearer::bearer;
pub use discovery::Discovery;
pub use issuer::{IssuerConfig, TenantSource};
pub use issuers::Issuers;
pub use jwks::KeySet;
pub use peer::{Peer, validity};
pub use request::{certificate_request, new_key_and_request};

/// Why a token or certificate names nobody. The caller learns the kind; no variant carries a part of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No token or certificate came with the request.
    #[error("no credential was given")]
    Missing,
    /// Not an access token, or a claim is not of its type.
    #[error("the token is malformed")]
    Malformed,
    /// The token's issuer is not one that we trust.
    #[error("the token's issuer is not known")]
    UnknownIssuer,
    /// The issuer is ours, the key is not: fetch the issuer's keys once ([`Issuers::needs_refresh`]) and ask again.
    #[error("the token's key is not known")]
    UnknownKey { issuer: String },
    /// The issuer is ours, and its keys could not be fetched yet: nothing can be said of the token, try again later.
    #[error("the token's issuer has not been reached yet")]
    IssuerAway,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token is for another audience")]
    WrongAudience,
    #[error("the token's signature does not verify")]
    BadSignature,
    /// A rule of ours forbids it; the text says which.
    #[error("the credential is refused: {0}")]
    Refused(&'static str),
    /// The issuer gives no tenant, or one that is no tenant's name.
    #[error("the token names no tenant")]
    NoTenant,
}

/// Why a document of an issuer was not taken. What was known before stays in use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// The document speaks for another issuer (OpenID Connect Discovery 1.0, section 4.3).
    #[error("the document names another issuer")]
    WrongIssuer,
    /// An address in the document is not https.
    #[error("{0} must be an https address")]
    NotHttps(&'static str),
    /// No key in the set can verify anything that we accept.
    #[error("the key set holds no key that can be used")]
    NoKeys,
    #[error("the issuer is not configured")]
    UnknownIssuer,
}

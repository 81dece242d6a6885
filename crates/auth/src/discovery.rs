//! An issuer's discovery document (OpenID Connect Discovery 1.0, section 4).

use serde::Deserialize;

use crate::DocumentError;

/// The addresses that we use of an issuer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Discovery {
    pub issuer: String,
    pub jwks_uri: String,
    pub token_endpoint: String,
    /// Absent from an issuer without people.
    pub authorization_endpoint: Option<String>,
}

/// Where an issuer's discovery document is.
pub fn address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

impl Discovery {
    /// Reads the document that was fetched for this issuer.
    ///
    /// Errors: malformed; another issuer's document, which must not be believed; an address that is not https, unless the
    /// issuer itself is on http (which configuration allows in development only).
    pub fn parse(json: &[u8], issuer: &str) -> Result<Self, DocumentError> {
        let document: Self =
            serde_json::from_slice(json).map_err(|_| DocumentError::Malformed("the discovery document"))?;
        if document.issuer != issuer {
            return Err(DocumentError::WrongIssuer);
        }
        let plain_is_allowed = issuer.starts_with("http://");
        let is_fine =
            |address: &str| address.starts_with("https://") || (plain_is_allowed && address.starts_with("http://"));
        if !is_fine(&document.jwks_uri) {
            return Err(DocumentError::NotHttps("jwks_uri"));
        }
        if !is_fine(&document.token_endpoint) {
            return Err(DocumentError::NotHttps("token_endpoint"));
        }
        if document.authorization_endpoint.as_deref().is_some_and(|address| !is_fine(address)) {
            return Err(DocumentError::NotHttps("authorization_endpoint"));
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(issuer: &str, jwks: &str) -> String {
        format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks}","token_endpoint":"https://a.example/t","other":1}}"#)
    }

    #[test]
    fn only_the_issuers_own_document_is_believed() {
        let issuer = "https://a.example";
        let good = document(issuer, "https://a.example/j");
        assert_eq!(
            Discovery::parse(good.as_bytes(), issuer).map(|found| found.jwks_uri).as_deref(),
            Ok("https://a.example/j")
        );
        assert_eq!(Discovery::parse(good.as_bytes(), "https://b.example"), Err(DocumentError::WrongIssuer));
        let plain = document(issuer, "http://a.example/j");
        assert_eq!(Discovery::parse(plain.as_bytes(), issuer), Err(DocumentError::NotHttps("jwks_uri")));
        assert!(Discovery::parse(b"{}", issuer).is_err());
        assert_eq!(address("https://a.example/"), "https://a.example/.well-known/openid-configuration");
    }
}

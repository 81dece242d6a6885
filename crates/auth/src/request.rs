//! Certificate requests for services that know no keys of their own but this one: `registry-svc` renews its certificate
//! with them.

use km_domain::SecretText;

use crate::AuthError;

/// A new P-256 key for TLS, as PKCS #8 PEM for a file of mode 0600, and the request for its certificate, DER (RFC 2986).
pub fn new_key_and_request() -> Result<(SecretText, Vec<u8>), AuthError> {
    km_x509::request::new_key_and_request().map_err(|_| AuthError::Refused("the key could not be made"))
}

/// The request for a key that exists already: PKCS #8 PEM, P-256.
pub fn certificate_request(key_pem: &str) -> Result<Vec<u8>, AuthError> {
    let key = km_crypto::SoftwareKey::from_pem(key_pem).map_err(|_| AuthError::Malformed)?;
    km_x509::request::request_for(&key).map_err(|_| AuthError::Refused("the key must be on P-256"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_requests_are_for_the_key() {
        let (key, request) = new_key_and_request().unwrap();
        let again = certificate_request(key.expose()).unwrap();
        let public = |der: &[u8]| km_x509::request::parse_and_verify(der).unwrap().public_key;
        assert_eq!(public(&request), public(&again));
        assert!(certificate_request("no key").is_err());
    }
}

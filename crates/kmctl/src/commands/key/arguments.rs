//! Values of arguments that are about keys and signatures. An error names the rule.

use km_api::Base64Url;
use km_domain::{KeyAlgorithm, KeyPurpose, Role, SignatureAlgorithm};
use serde_json::Value;

pub fn purpose(text: &str) -> Result<KeyPurpose, String> {
    let known = KeyPurpose::from_name(text).filter(|purpose| purpose.is_for_callers());
    known.ok_or_else(|| "must be encrypt, sign, decrypt or mac".to_owned())
}

pub fn key_algorithm(text: &str) -> Result<KeyAlgorithm, String> {
    KeyAlgorithm::from_name(text).ok_or_else(|| one_of(&KeyAlgorithm::ALL.map(KeyAlgorithm::name)))
}

pub fn signature_algorithm(text: &str) -> Result<SignatureAlgorithm, String> {
    SignatureAlgorithm::from_name(text).ok_or_else(|| one_of(&["RS256", "PS256", "ES256", "ES384", "ES256K", "EdDSA"]))
}

pub fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| one_of(&Role::ALL.map(Role::name)))
}

/// Bytes in base64url, as the API takes them.
pub fn base64url(text: &str) -> Result<Base64Url, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|_| "must be base64url".to_owned())
}

fn one_of(names: &[&str]) -> String {
    format!("must be one of {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_callers_keys_are_made() {
        assert_eq!(purpose("sign"), Ok(KeyPurpose::Sign));
        assert!(purpose("data-root").is_err() && purpose("").is_err());
        assert!(key_algorithm("DES").unwrap_err().contains("AES-256"));
        assert!(role("root").unwrap_err().contains("sealkeep-officer"));
    }
}

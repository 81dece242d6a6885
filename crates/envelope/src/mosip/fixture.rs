//! What other programs made (`tests/fixtures/mosip/make_vectors.py`), for the tests of this folder.

use km_domain::{KeyAlgorithm, SecretBytes, SignatureAlgorithm};
use km_formats::base64url;
use serde_json::Value;

use crate::software_store::SoftwareStore;

/// The file's members.
pub fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub fn cases(fixture: &Value) -> &[Value] {
    fixture["cases"].as_array().unwrap()
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

pub fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap()
}

/// A member in base64 of either alphabet.
pub fn bytes(value: &Value, name: &str) -> Vec<u8> {
    base64url::decode(text(value, name)).unwrap()
}

/// As [`bytes`]; none where the member is null.
pub fn optional(value: &Value, name: &str) -> Option<Vec<u8>> {
    value[name].as_str().map(|text| base64url::decode(text).unwrap())
}

pub fn secret(value: &Value, name: &str) -> SecretBytes {
    SecretBytes::new(bytes(value, name))
}

/// A store that holds the fixture's RSA key.
pub fn store(fixture: &Value) -> SoftwareStore {
    let key = &fixture["key"];
    SoftwareStore::rsa(&bytes(key, "n"), &bytes(key, "e"), &bytes(key, "d"))
}

/// Keys of the kinds with which the product signs, and what each of them signs.
pub fn signers() -> Vec<(SoftwareStore, SignatureAlgorithm)> {
    vec![
        (SoftwareStore::rsa_of_wycheproof(), SignatureAlgorithm::Rs256),
        (SoftwareStore::rsa_of_wycheproof(), SignatureAlgorithm::Ps256),
        (SoftwareStore::generate(KeyAlgorithm::P256), SignatureAlgorithm::Es256),
        (SoftwareStore::generate(KeyAlgorithm::Ed25519), SignatureAlgorithm::EdDsa),
    ]
}

//! Keys of the first tenant, made and rotated by an officer; public parts as anybody fetches them.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use serde_json::{Value, json};

use crate::System;

impl System {
    /// The public key of this name, as the key set has it.
    #[track_caller]
    pub fn jwk(&self, kid: &str) -> Value {
        let set = self.anyone().get("/.well-known/jwks.json?tenant=demo").good();
        let keys = set["keys"].as_array().expect("keys");
        keys.iter().find(|key| key["kid"] == kid).unwrap_or_else(|| panic!("no {kid} in {set:#}")).clone()
    }

    /// A new key of the first tenant that backends may use.
    #[track_caller]
    pub fn key(&self, purpose: &str, algorithm: &str) -> String {
        self.key_for(purpose, algorithm, &["sealkeep-backend"])
    }

    /// A new key of the first tenant that these roles may use.
    #[track_caller]
    pub fn key_for(&self, purpose: &str, algorithm: &str, roles: &[&str]) -> String {
        let id = new_key_id();
        let body = json!({"id": id, "purpose": purpose, "algorithm": algorithm, "allow": roles});
        self.officer("officer").post("/v1/officer/keys", body).good();
        id
    }

    /// Gives a key a new version.
    #[track_caller]
    pub fn rotate(&self, key: &str) -> u64 {
        let made = self.officer("officer").post(&format!("/v1/officer/keys/{key}/rotate"), json!({})).good();
        made["version"].as_u64().expect("a version")
    }
}

/// A key id that no other test uses.
pub fn new_key_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("key-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The certificates of a PEM file, DER.
pub fn der_of(file: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1).map(|block| {
        let body: String = block.split("-----END").next().unwrap_or_default().split_whitespace().collect();
        base64::engine::general_purpose::STANDARD.decode(body).expect("PEM")
    });
    blocks.collect()
}

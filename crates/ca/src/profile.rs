//! What each kind of certificate may say. A request brings a key and nothing else; everything else stands here.

use std::time::Duration;

use km_domain::{KeyAlgorithm, KeyVersionRef, ServiceIdentity};
use km_x509::{ExtendedUsage, KeyUsages, Usage};

use crate::RootKind;

/// The contents of one certificate to be issued, but for key, serial number and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub(crate) issuer: RootKind,
    pub(crate) unit: &'static str,
    pub(crate) common_name: String,
    /// The URI name of a service's certificate.
    pub(crate) uri: Option<String>,
    /// Also names 127.0.0.1, ::1 and localhost.
    pub(crate) is_listener: bool,
    pub(crate) dns_names: Vec<String>,
    pub(crate) key_usages: KeyUsages,
    pub(crate) extended_usages: Vec<ExtendedUsage>,
    pub(crate) longest: Duration,
    /// The use for which the finished certificate must verify under its issuer.
    pub(crate) usage: Usage,
}

impl Profile {
    /// The root that issues such certificates.
    pub const fn issuer(&self) -> RootKind {
        self.issuer
    }
}

/// The life of a service's certificate unless configuration says otherwise.
pub const SERVICE_LIFETIME: Duration = Duration::from_secs(DAY);
/// The life of an evidence or checkpoint signer's certificate. The key is used for a year and then destroyed; what it
/// signed must verify for much longer.
pub const EVIDENCE_LIFETIME: Duration = Duration::from_secs(10 * 365 * DAY);
/// The life of the certificates of ingest and answer keys.
pub const BUSINESS_LIFETIME: Duration = Duration::from_secs(2 * 365 * DAY);
const DAY: u64 = 24 * 60 * 60;

const SIGNS: KeyUsages = KeyUsages {
    digital_signature: true,
    key_encipherment: false,
    key_agreement: false,
    certificate_sign: false,
    crl_sign: false,
};

/// A service or program that calls: client authentication only.
pub fn service_client(identity: &ServiceIdentity) -> Profile {
    Profile {
        issuer: RootKind::Service,
        unit: identity.kind.name(),
        common_name: identity.name.clone(),
        uri: Some(identity.uri()),
        is_listener: false,
        dns_names: Vec::new(),
        key_usages: SIGNS,
        extended_usages: vec![ExtendedUsage::ClientAuth],
        longest: Duration::from_secs(366 * DAY),
        usage: Usage::ClientAuth,
    }
}

/// A service that listens, and calls too. `dns_names`: the names under which others reach it, besides this machine's own.
pub fn service_listener(identity: &ServiceIdentity, dns_names: &[String]) -> Profile {
    Profile {
        is_listener: true,
        dns_names: dns_names.to_vec(),
        extended_usages: vec![ExtendedUsage::ServerAuth, ExtendedUsage::ClientAuth],
        usage: Usage::ServerAuth,
        ..service_client(identity)
    }
}

/// A key that signs exports and certificates of erasure; `openssl cms -verify` wants email protection.
pub fn evidence_signer(key: &KeyVersionRef) -> Profile {
    Profile {
        issuer: RootKind::Evidence,
        unit: "evidence signer",
        common_name: key.to_string(),
        uri: None,
        is_listener: false,
        dns_names: Vec::new(),
        key_usages: SIGNS,
        extended_usages: vec![ExtendedUsage::EmailProtection],
        longest: EVIDENCE_LIFETIME,
        usage: Usage::EmailProtection,
    }
}

/// A key that signs checkpoints of the log. Its extended usage keeps it from signing exports.
pub fn checkpoint_signer(key: &KeyVersionRef) -> Profile {
    Profile {
        unit: "checkpoint signer",
        extended_usages: vec![ExtendedUsage::DocumentSigning],
        usage: Usage::DocumentSigning,
        ..evidence_signer(key)
    }
}

/// A key to which clients encrypt: key agreement for an elliptic curve, key encipherment for RSA.
pub fn ingest(key: &KeyVersionRef, algorithm: KeyAlgorithm) -> Profile {
    let agrees = matches!(algorithm, KeyAlgorithm::P256 | KeyAlgorithm::P384);
    Profile {
        issuer: RootKind::Business,
        unit: "ingest",
        common_name: key.to_string(),
        uri: None,
        is_listener: false,
        dns_names: Vec::new(),
        key_usages: KeyUsages { key_agreement: agrees, key_encipherment: !agrees, ..KeyUsages::default() },
        extended_usages: Vec::new(),
        longest: BUSINESS_LIFETIME,
        usage: Usage::Encryption,
    }
}

/// A key that signs answers and receipts, or a caller's signing key: any signer under the business root.
pub fn answer(key: &KeyVersionRef) -> Profile {
    Profile { unit: "answer", key_usages: SIGNS, usage: Usage::Signing, ..ingest(key, KeyAlgorithm::P256) }
}

//! Detached CMS signatures by a key of the store: exports, certificates of erasure.

use km_crypto::{digest::sha256, ecdsa::ecdsa_der};
use km_domain::{SignatureAlgorithm, Timestamp};
use km_formats::cms::{CmsSignature, Statement, signed_attributes, signed_data};
use km_keystore::{Sign, StoredKey};

use crate::EnvelopeError;

/// Signs `content` and returns the detached signature as DER (RFC 5652).
///
/// `certificate` is the signer's own, `chain` whatever stands between it and the root, without the root; both DER. The
/// key must be P-256 or RSA: stock verifiers of today take no other. Errors: refused for another key or a broken certificate;
/// what the store says.
pub fn sign_detached(
    store: &dyn Sign,
    key: &StoredKey,
    certificate: &[u8],
    chain: &[Vec<u8>],
    content: &[u8],
    signing_time: Timestamp,
) -> Result<Vec<u8>, EnvelopeError> {
    sign_digest(store, key, certificate, chain, sha256(content), signing_time)
}

/// As [`sign_detached`], of content of which the SHA-256 is known.
pub fn sign_digest(
    store: &dyn Sign,
    key: &StoredKey,
    certificate: &[u8],
    chain: &[Vec<u8>],
    content_sha256: [u8; 32],
    signing_time: Timestamp,
) -> Result<Vec<u8>, EnvelopeError> {
    let statement = Statement { content_sha256, certificate_sha256: sha256(certificate), certificate, signing_time };
    let attributes = signed_attributes(&statement)?;
    let (algorithm, signature) = match key.algorithm.signatures() {
        [SignatureAlgorithm::Es256] => {
            let fixed = store.sign(key, SignatureAlgorithm::Es256, &attributes)?;
            (CmsSignature::EcdsaSha256, ecdsa_der(&fixed))
        }
        [SignatureAlgorithm::Rs256, ..] => {
            (CmsSignature::RsaSha256, store.sign(key, SignatureAlgorithm::Rs256, &attributes)?)
        }
        _ => return Err(EnvelopeError::Refused),
    };
    Ok(signed_data(&statement, chain, algorithm, &signature)?)
}

#[cfg(test)]
#[path = "cms_tests.rs"]
mod tests;

//! Documents signed by a key of the store: a detached CMS over all of the document, in an update behind it.

use km_crypto::digest::sha256_parts;
use km_domain::Timestamp;
use km_formats::pdf::Prepared;
use km_keystore::{Sign, StoredKey};

use crate::{EnvelopeError, cms::sign_digest};

/// The room that a signature needs with these certificates: theirs, and what else stands in it.
pub fn room(certificate: &[u8], chain: &[Vec<u8>]) -> usize {
    2048 + certificate.len() + chain.iter().map(Vec::len).sum::<usize>()
}

/// Signs a document that was prepared with that room. `certificate` is the signer's own, `chain` what stands between it and the root.
/// Refused: keys that are neither P-256 nor RSA.
pub fn sign(
    store: &dyn Sign,
    key: &StoredKey,
    certificate: &[u8],
    chain: &[Vec<u8>],
    document: Prepared,
    moment: Timestamp,
) -> Result<Vec<u8>, EnvelopeError> {
    let digest = sha256_parts(&document.signed());
    let signature = sign_digest(store, key, certificate, chain, digest, moment)?;
    Ok(document.finish(&signature)?)
}

#[cfg(test)]
#[path = "pdf_tests.rs"]
mod tests;

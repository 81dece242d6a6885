//! JSON Web Signatures made by a key of the store and verified with a public key.

use km_crypto::PublicKey;
use km_formats::jws::{Header, ParsedJws, compact, signing_input};
use km_keystore::{Sign, StoredKey};

use crate::EnvelopeError;

/// Signs a payload (RFC 7515, section 5.1) and returns the compact form, with the first algorithm that the key's kind
/// has. Refused: a symmetric key.
pub fn sign(
    store: &(impl Sign + ?Sized),
    key: &StoredKey,
    kid: &str,
    typ: &str,
    payload: &[u8],
) -> Result<String, EnvelopeError> {
    let algorithm = *key.algorithm.signatures().first().ok_or(EnvelopeError::Refused)?;
    let input = signing_input(&Header::new(algorithm, kid, typ), payload);
    let signature = store.sign(key, algorithm, input.as_bytes())?;
    Ok(compact(&input, &signature))
}

/// Verifies a signature (RFC 7515, section 5.2). The key is the one that the caller trusts for this signer; its kind
/// must fit the header's algorithm. The caller also checks `typ` ([`ParsedJws::expect_typ`]).
pub fn verify(jws: &ParsedJws, key: &PublicKey) -> Result<(), EnvelopeError> {
    Ok(key.verify(jws.header.algorithm, jws.signing_input.expose().as_bytes(), &jws.signature)?)
}

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;

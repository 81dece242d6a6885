//! `/coseSign1`, `/coseVerify1`, `/cwtSign` and `/cwtVerify`.

use km_crypto::jose::{JoseAlgorithm, VerifyingKey};
use km_domain::SignatureAlgorithm;
use km_formats::mosip::cose::{Headers, ParsedSign1};
use km_keystore::{Sign, StoredKey};

use crate::EnvelopeError;

/// Signs a payload and returns the message with its tag. The algorithm is the one that `headers` was made with. Refused: an algorithm
/// that is not the key's.
pub fn sign1<S: Sign + ?Sized>(
    store: &S,
    key: &StoredKey,
    algorithm: SignatureAlgorithm,
    headers: &Headers,
    payload: &[u8],
) -> Result<Vec<u8>, EnvelopeError> {
    if !key.algorithm.signatures().contains(&algorithm) || headers.algorithm() != algorithm.name() {
        return Err(EnvelopeError::Refused);
    }
    let signature = store.sign(key, algorithm, &headers.to_be_signed(payload))?;
    Ok(headers.message(payload, &signature)?)
}

/// Whether the signature is this key's. Whose key it is and whether to trust it is the caller's to know. Refused: an algorithm that is
/// not verified here, or that a key of this kind cannot have.
pub fn verify1(message: &ParsedSign1, key: &VerifyingKey) -> Result<bool, EnvelopeError> {
    let algorithm = message.algorithm.and_then(JoseAlgorithm::from_name).ok_or(EnvelopeError::Refused)?;
    if !key.fits(algorithm) {
        return Err(EnvelopeError::Refused);
    }
    Ok(key.verify(algorithm, &message.to_be_signed(), &message.signature).is_ok())
}

#[cfg(test)]
#[path = "cose_tests.rs"]
mod tests;

//! `/jwtSign`, `/jwsSign`, `/jwtVerify` and their second versions.

use km_crypto::jose::{JoseAlgorithm, VerifyingKey};
use km_domain::SignatureAlgorithm;
use km_formats::mosip::jws::{Header, ParsedHeader, Payload, SplitJws, compact, signing_input, unencoded_input};
use km_keystore::{Sign, StoredKey};

use crate::EnvelopeError;

/// Signs a payload and returns the compact form, detached without `include_payload`. The header's algorithm is set here.
///
/// Signed is the payload's text, letter by letter; or the bytes that it stands for, where the header says that the payload is
/// unencoded. The text is carried in the middle either way. Refused: an algorithm that is not the key's, an unencoded payload whose
/// text is not base64; what the store refuses.
pub fn sign<'a, S: Sign + ?Sized>(
    store: &S,
    key: &StoredKey,
    algorithm: SignatureAlgorithm,
    header: &Header<'_>,
    payload: impl Into<Payload<'a>>,
    include_payload: bool,
) -> Result<String, EnvelopeError> {
    if !key.algorithm.signatures().contains(&algorithm) {
        return Err(EnvelopeError::Refused);
    }
    let header = Header { algorithm: algorithm.name(), ..header.clone() };
    let (protected, payload) = (header.protected(), payload.into());
    // It may be a whole document: what is signed is gone before what is answered is written.
    let signature = if header.unencoded {
        store.sign(key, algorithm, &unencoded_input(&protected, payload)?)?
    } else {
        store.sign(key, algorithm, signing_input(&protected, payload).as_bytes())?
    };
    Ok(compact(&protected, include_payload.then_some(payload), &signature))
}

/// Whether the signature is this key's over the token's payload, or over `actual` where that is given and not blank.
///
/// Whose key it is and whether to trust it is the caller's to know; the token's own certificates prove nothing. Refused: an algorithm
/// that is not verified here, or that a key of this kind cannot have.
pub fn verify(
    token: &SplitJws<'_>,
    header: &ParsedHeader,
    actual: Option<Payload<'_>>,
    key: &VerifyingKey,
) -> Result<bool, EnvelopeError> {
    let algorithm = JoseAlgorithm::from_name(&header.algorithm).ok_or(EnvelopeError::Refused)?;
    if !key.fits(algorithm) {
        return Err(EnvelopeError::Refused);
    }
    Ok(key.verify(algorithm, &token.signing_input(header, actual), &token.signature).is_ok())
}

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;

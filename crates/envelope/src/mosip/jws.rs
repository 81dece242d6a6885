//! `/jwtSign`, `/jwsSign`, `/jwtVerify` and their second versions.

use km_crypto::jose::{JoseAlgorithm, VerifyingKey};
use km_domain::SignatureAlgorithm;
use km_formats::{
    base64url,
    mosip::jws::{Header, ParsedHeader, SplitJws, compact, unencoded_input},
};
use km_keystore::{Sign, StoredKey};

use crate::EnvelopeError;

/// Signs a payload and returns the compact form. `text` is the payload in base64url as it is to be carried; without `include_payload`
/// the form is detached. The header's algorithm is set here.
///
/// Signed is the text, letter by letter; or the bytes that it stands for, where the header says that the payload is unencoded. The
/// text is carried in the middle either way. Refused: an algorithm that is not the key's, an unencoded payload whose text is not
/// base64; what the store refuses.
pub fn sign<S: Sign + ?Sized>(
    store: &S,
    key: &StoredKey,
    algorithm: SignatureAlgorithm,
    header: &Header<'_>,
    text: &str,
    include_payload: bool,
) -> Result<String, EnvelopeError> {
    if !key.algorithm.signatures().contains(&algorithm) {
        return Err(EnvelopeError::Refused);
    }
    let header = Header { algorithm: algorithm.name(), ..header.clone() };
    let protected = header.protected();
    // The payload may be a whole document: no more copies of it than needed are there at once.
    if header.unencoded {
        let input = unencoded_input(&protected, text)?;
        let signature = store.sign(key, algorithm, &input)?;
        drop(input);
        return Ok(compact(&protected, include_payload.then_some(text), &signature));
    }
    let mut jws = compact(&protected, Some(text), b"");
    // What is signed ends before the last dot.
    let signature = store.sign(key, algorithm, &jws.as_bytes()[..jws.len() - 1])?;
    if !include_payload {
        return Ok(compact(&protected, None, &signature));
    }
    jws.push_str(&base64url::encode(signature));
    Ok(jws)
}

/// Whether the signature is this key's over the token's payload, or over `actual` where that is given and not blank.
///
/// Whose key it is and whether to trust it is the caller's to know; the token's own certificates prove nothing. Refused: an algorithm
/// that is not verified here, or that a key of this kind cannot have.
pub fn verify(
    token: &SplitJws<'_>,
    header: &ParsedHeader,
    actual: Option<&str>,
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

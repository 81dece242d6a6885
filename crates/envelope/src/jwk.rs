//! Public keys to and from JSON Web Keys, and the thumbprint by which an enrolled key is called everywhere.

use km_crypto::{PublicKey, digest::sha256};
use km_formats::{
    base64url,
    jwk::{Jwk, KeyParts},
};

use crate::EnvelopeError;

/// The key as a JWK with nothing said about it; the caller adds `kid`, `use`, `alg` and `x5c`. Refused: a key whose
/// bytes do not have the length of its kind.
pub fn to_jwk(key: &PublicKey) -> Result<Jwk, EnvelopeError> {
    Ok(Jwk::bare(parts(key)?))
}

/// The key that a JWK holds. Refused: a point off its curve, an RSA modulus of fewer than 2048 or more than 8192 bits.
pub fn from_jwk(jwk: &Jwk) -> Result<PublicKey, EnvelopeError> {
    let key = match &jwk.key {
        KeyParts::P256 { x, y } => PublicKey::P256([&[4], &x[..], &y[..]].concat()),
        KeyParts::P384 { x, y } => PublicKey::P384([&[4], &x[..], &y[..]].concat()),
        KeyParts::Secp256k1 { x, y } => PublicKey::Secp256k1([&[4], &x[..], &y[..]].concat()),
        KeyParts::Ed25519 { x } => PublicKey::Ed25519(x.to_vec()),
        KeyParts::Rsa { n, e } => PublicKey::Rsa { modulus: n.clone(), exponent: e.clone() },
    };
    key.check()?;
    Ok(key)
}

/// The SHA-256 thumbprint in base64url (RFC 7638): the `kid` of an enrolled key. Refused: as [`to_jwk`].
pub fn thumbprint(key: &PublicKey) -> Result<String, EnvelopeError> {
    Ok(base64url::encode(sha256(parts(key)?.thumbprint_input().as_bytes())))
}

fn parts(key: &PublicKey) -> Result<KeyParts, EnvelopeError> {
    Ok(match key {
        PublicKey::P256(point) => {
            let (x, y) = coordinates(point)?;
            KeyParts::P256 { x, y }
        }
        PublicKey::P384(point) => {
            let (x, y) = coordinates(point)?;
            KeyParts::P384 { x, y }
        }
        PublicKey::Secp256k1(point) => {
            let (x, y) = coordinates(point)?;
            KeyParts::Secp256k1 { x, y }
        }
        PublicKey::Ed25519(bytes) => {
            KeyParts::Ed25519 { x: bytes.as_slice().try_into().map_err(|_| EnvelopeError::Refused)? }
        }
        PublicKey::Rsa { modulus, exponent } => KeyParts::Rsa { n: modulus.clone(), e: exponent.clone() },
    })
}

fn coordinates<const N: usize>(point: &[u8]) -> Result<([u8; N], [u8; N]), EnvelopeError> {
    let [4, coordinates @ ..] = point else { return Err(EnvelopeError::Refused) };
    let (x, y) = coordinates.split_at_checked(N).ok_or(EnvelopeError::Refused)?;
    match (x.try_into(), y.try_into()) {
        (Ok(x), Ok(y)) => Ok((x, y)),
        _ => Err(EnvelopeError::Refused),
    }
}

#[cfg(test)]
#[path = "jwk_tests.rs"]
mod tests;

//! Reads a public key from its object.

use cryptoki::context::Function;
use cryptoki::error::{Error, Result, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;
use km_crypto::PublicKey;
use km_domain::KeyAlgorithm;

/// None for a secret key's algorithm.
pub(crate) fn read(session: &Session, object: ObjectHandle, algorithm: KeyAlgorithm) -> Result<Option<PublicKey>> {
    let key = match algorithm {
        KeyAlgorithm::Aes256 | KeyAlgorithm::HmacSha256 => None,
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
            let (mut modulus, mut exponent) = (Vec::new(), Vec::new());
            for attribute in session.get_attributes(object, &[AttributeType::Modulus, AttributeType::PublicExponent])? {
                match attribute {
                    Attribute::Modulus(bytes) => modulus = without_leading_zeros(&bytes),
                    Attribute::PublicExponent(bytes) => exponent = without_leading_zeros(&bytes),
                    _ => {}
                }
            }
            if modulus.is_empty() || exponent.is_empty() {
                return Err(malformed());
            }
            Some(PublicKey::Rsa { modulus, exponent })
        }
        KeyAlgorithm::P256 => Some(PublicKey::P256(point(session, object, 65)?)),
        KeyAlgorithm::P384 => Some(PublicKey::P384(point(session, object, 97)?)),
        KeyAlgorithm::Secp256k1 => Some(PublicKey::Secp256k1(point(session, object, 65)?)),
        KeyAlgorithm::Ed25519 => Some(PublicKey::Ed25519(point(session, object, 32)?)),
    };
    Ok(key)
}

/// CKA_MODULUS of a public or private RSA key, without leading zeros.
pub(crate) fn modulus(session: &Session, object: ObjectHandle) -> Result<Vec<u8>> {
    session
        .get_attributes(object, &[AttributeType::Modulus])?
        .into_iter()
        .find_map(|attribute| match attribute {
            Attribute::Modulus(bytes) => Some(without_leading_zeros(&bytes)),
            _ => None,
        })
        .ok_or_else(malformed)
}

fn point(session: &Session, object: ObjectHandle, length: usize) -> Result<Vec<u8>> {
    session
        .get_attributes(object, &[AttributeType::EcPoint])?
        .into_iter()
        .find_map(|attribute| match attribute {
            Attribute::EcPoint(bytes) => bare_point(&bytes, length).map(<[u8]>::to_vec),
            _ => None,
        })
        .ok_or_else(malformed)
}

/// PKCS#11 2.40 has CKA_EC_POINT in a DER OCTET STRING, version 3.0 allows the bare point; tokens do either.
fn bare_point(bytes: &[u8], length: usize) -> Option<&[u8]> {
    if bytes.len() == length {
        return Some(bytes);
    }
    match bytes {
        [0x04, short, point @ ..] if usize::from(*short) == length && point.len() == length => Some(point),
        _ => None,
    }
}

fn without_leading_zeros(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    bytes[start..].to_vec()
}

fn malformed() -> Error {
    Error::Pkcs11(RvError::FunctionFailed, Function::GetAttributeValue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_bare_or_in_an_octet_string() {
        let point = [&[4_u8][..], &[7; 64]].concat();
        let wrapped = [&[4_u8, 65][..], &point].concat();
        assert_eq!(bare_point(&point, 65), Some(&point[..]));
        assert_eq!(bare_point(&wrapped, 65), Some(&point[..]));
        assert_eq!(bare_point(&wrapped[..66], 65), None);
        assert_eq!(bare_point(&point, 97), None);
    }

    #[test]
    fn leading_zeros_go() {
        assert_eq!(without_leading_zeros(&[0, 0, 1, 0]), [1, 0]);
        assert_eq!(without_leading_zeros(&[0]), [0_u8; 0]);
    }
}

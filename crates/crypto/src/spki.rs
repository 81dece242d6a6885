//! SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7; RFC 3279; RFC 5480; RFC 8410), for the five kinds of key that we
//! use, and one with which others sign.

use crate::{PublicKey, Unspecified, der};

/// 1.2.840.113549.1.1.1 rsaEncryption
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.10045.2.1 id-ecPublicKey
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7 secp256r1
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.3.132.0.34 secp384r1
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// 1.3.132.0.10 secp256k1
const SECP256K1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x0a];
/// 1.3.101.112 id-Ed25519
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// 1.3.132.0.35 secp521r1
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

pub fn write(key: &PublicKey) -> Vec<u8> {
    let oid = |bytes| der::element(der::OBJECT_IDENTIFIER, bytes);
    let (algorithm, bits) = match key {
        PublicKey::Rsa { modulus, exponent } => {
            let numbers = [der::unsigned(modulus), der::unsigned(exponent)].concat();
            ([oid(RSA), der::element(der::NULL, &[])].concat(), der::element(der::SEQUENCE, &numbers))
        }
        PublicKey::P256(point) => ([oid(EC), oid(P256)].concat(), point.clone()),
        PublicKey::P384(point) => ([oid(EC), oid(P384)].concat(), point.clone()),
        PublicKey::Secp256k1(point) => ([oid(EC), oid(SECP256K1)].concat(), point.clone()),
        PublicKey::Ed25519(bytes) => (oid(ED25519), bytes.clone()),
    };
    let bit_string = der::element(der::BIT_STRING, &[&[0], bits.as_slice()].concat());
    der::element(der::SEQUENCE, &[der::element(der::SEQUENCE, &algorithm), bit_string].concat())
}

pub fn read(spki: &[u8]) -> Result<PublicKey, Unspecified> {
    let mut outer = der::Reader::new(spki);
    let mut parts = der::Reader::new(outer.read(der::SEQUENCE)?);
    outer.end()?;
    let mut algorithm = der::Reader::new(parts.read(der::SEQUENCE)?);
    let [0, bits @ ..] = parts.read(der::BIT_STRING)? else { return Err(Unspecified) };
    parts.end()?;

    let key = match algorithm.read(der::OBJECT_IDENTIFIER)? {
        RSA => {
            if !algorithm.read(der::NULL)?.is_empty() {
                return Err(Unspecified);
            }
            let mut outer = der::Reader::new(bits);
            let mut numbers = der::Reader::new(outer.read(der::SEQUENCE)?);
            outer.end()?;
            let (modulus, exponent) = (numbers.read_positive()?.to_vec(), numbers.read_positive()?.to_vec());
            numbers.end()?;
            PublicKey::Rsa { modulus, exponent }
        }
        EC => match algorithm.read(der::OBJECT_IDENTIFIER)? {
            P256 => PublicKey::P256(bits.to_vec()),
            P384 => PublicKey::P384(bits.to_vec()),
            SECP256K1 => PublicKey::Secp256k1(bits.to_vec()),
            _ => return Err(Unspecified),
        },
        ED25519 => PublicKey::Ed25519(bits.to_vec()),
        _ => return Err(Unspecified),
    };
    algorithm.end()?;
    key.check()?;
    Ok(key)
}

/// The point of a key on P-521, on which others sign and we do not: uncompressed, of the right length, not yet known to be on the
/// curve.
pub fn read_p521(spki: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut outer = der::Reader::new(spki);
    let mut parts = der::Reader::new(outer.read(der::SEQUENCE)?);
    outer.end()?;
    let mut algorithm = der::Reader::new(parts.read(der::SEQUENCE)?);
    let [0, point @ ..] = parts.read(der::BIT_STRING)? else { return Err(Unspecified) };
    parts.end()?;
    if algorithm.read(der::OBJECT_IDENTIFIER)? != EC || algorithm.read(der::OBJECT_IDENTIFIER)? != P521 {
        return Err(Unspecified);
    }
    algorithm.end()?;
    if point.first() == Some(&4) && point.len() == 133 { Ok(point.to_vec()) } else { Err(Unspecified) }
}

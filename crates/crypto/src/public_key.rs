//! Public keys of every kind that we use, and verification with them.

use km_domain::SignatureAlgorithm;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

use crate::{Unspecified, agreement, digest, jose, spki};

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// Uncompressed point, 65 bytes beginning with 4 (SEC 1, section 2.3.3).
    P256(Vec<u8>),
    /// Uncompressed point, 97 bytes.
    P384(Vec<u8>),
    /// Uncompressed point, 65 bytes.
    Secp256k1(Vec<u8>),
    /// 32 bytes (RFC 8032).
    Ed25519(Vec<u8>),
}

impl PublicKey {
    /// Verifies a signature in JOSE form: for ECDSA r and s of fixed length, one after the other (RFC 7518, section
    /// 3.4).
    ///
    /// The error is the same for a wrong signature, a key of another kind and a key that is not valid.
    pub fn verify(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        if let (Self::Secp256k1(point), SignatureAlgorithm::Es256K) = (self, algorithm) {
            return jose::secp256k1(point)?.verify_sig(message, signature).map_err(|_| Unspecified);
        }
        match (self, algorithm) {
            (Self::Rsa { modulus, exponent }, SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256) => {
                let parameters = match algorithm {
                    SignatureAlgorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
                    _ => &signature::RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature)
            }
            (Self::P256(point), SignatureAlgorithm::Es256) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Self::P384(point), SignatureAlgorithm::Es384) => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point).verify(message, signature)
            }
            (Self::Ed25519(bytes), SignatureAlgorithm::EdDsa) => {
                UnparsedPublicKey::new(&signature::ED25519, bytes).verify(message, signature)
            }
            _ => return Err(Unspecified),
        }
        .map_err(|_| Unspecified)
    }

    /// Whether this can be a key at all: the point is on its curve; an RSA modulus is odd, has 2048 to 8192 bits and no
    /// leading zero, its exponent is odd, at least 3 and at most 33 bits long (what the verifying library takes); an
    /// Ed25519 key has 32 bytes.
    pub fn check(&self) -> Result<(), Unspecified> {
        let good = match self {
            Self::Rsa { modulus, exponent } => is_rsa_modulus(modulus) && is_rsa_exponent(exponent),
            Self::P256(point) => agreement::on_curve_p256(point),
            Self::P384(point) => agreement::on_curve_p384(point),
            Self::Secp256k1(point) => jose::secp256k1(point).is_ok(),
            Self::Ed25519(bytes) => bytes.len() == 32,
        };
        if good { Ok(()) } else { Err(Unspecified) }
    }

    /// The key as a DER SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
    pub fn to_spki_der(&self) -> Vec<u8> {
        spki::write(self)
    }

    /// Reads a DER SubjectPublicKeyInfo, strictly. Refused: another algorithm or curve, a parameter that should not be
    /// there, trailing bytes, and whatever [`PublicKey::check`] refuses.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Unspecified> {
        spki::read(der)
    }

    /// SHA-256 of the SubjectPublicKeyInfo, by which checkpoints and inventories name a key.
    pub fn spki_sha256(&self) -> [u8; 32] {
        digest::sha256(&self.to_spki_der())
    }

    /// Length of the key as its kind counts it: bits of the modulus or of the curve's field.
    pub fn bits(&self) -> usize {
        match self {
            Self::Rsa { modulus, .. } => bit_length(modulus),
            Self::P256(_) | Self::Secp256k1(_) | Self::Ed25519(_) => 256,
            Self::P384(_) => 384,
        }
    }
}

fn bit_length(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn is_rsa_modulus(modulus: &[u8]) -> bool {
    modulus.first() != Some(&0)
        && modulus.last().is_some_and(|byte| byte & 1 == 1)
        && (2048..=8192).contains(&bit_length(modulus))
}

fn is_rsa_exponent(exponent: &[u8]) -> bool {
    exponent.first() != Some(&0)
        && exponent.last().is_some_and(|byte| byte & 1 == 1)
        && exponent != [1]
        && bit_length(exponent) <= 33
}

#[cfg(test)]
#[path = "public_key_tests.rs"]
mod tests;

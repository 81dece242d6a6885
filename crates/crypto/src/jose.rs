//! Verifying what others signed, with every signature algorithm that JOSE registers for public keys (RFC 7518, section 3.1; RFC 8037;
//! RFC 8812). The product itself signs with fewer ([`km_domain::SignatureAlgorithm`]).

use aws_lc_rs::signature::{self, RsaParameters, UnparsedPublicKey, VerificationAlgorithm};

use crate::{PublicKey, Unspecified, spki};

/// A signature algorithm, by its JOSE name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoseAlgorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    Es256K,
    EdDsa,
}

impl JoseAlgorithm {
    pub const ALL: [Self; 11] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Es256K,
        Self::EdDsa,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Es256K => "ES256K",
            Self::EdDsa => "EdDSA",
        }
    }

    /// None for every other name, `none` and MACs included.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A public key of any kind that a JOSE signature may be made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyingKey {
    /// RSA, P-256, P-384, secp256k1, Ed25519.
    Own(PublicKey),
    /// Uncompressed point, 133 bytes.
    P521(Vec<u8>),
}

impl VerifyingKey {
    /// Reads a DER SubjectPublicKeyInfo, as strictly as [`PublicKey::from_spki_der`] does. Whether a point of P-521 is on its
    /// curve is seen when it is used.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Unspecified> {
        if let Ok(own) = PublicKey::from_spki_der(der) {
            return Ok(Self::Own(own));
        }
        spki::read_p521(der).map(Self::P521)
    }

    /// Whether a key of this kind can have made a signature of this algorithm.
    pub const fn fits(&self, algorithm: JoseAlgorithm) -> bool {
        self.parameters(algorithm).is_some()
    }

    /// Verifies a signature in JOSE form over the whole message: for ECDSA r and s of fixed length, one after the other (RFC 7518,
    /// section 3.4). The error is the same for a wrong signature, a key of another kind and a key that is not valid.
    pub fn verify(&self, algorithm: JoseAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        let parameters = self.parameters(algorithm).ok_or(Unspecified)?;
        let verified = match (self, parameters) {
            (Self::Own(PublicKey::Rsa { modulus, exponent }), Parameters::Rsa(parameters)) => {
                let key = signature::RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(parameters, message, signature)
            }
            (
                Self::Own(
                    PublicKey::P256(bytes)
                    | PublicKey::P384(bytes)
                    | PublicKey::Secp256k1(bytes)
                    | PublicKey::Ed25519(bytes),
                )
                | Self::P521(bytes),
                Parameters::Other(algorithm),
            ) => UnparsedPublicKey::new(algorithm, bytes).verify(message, signature),
            _ => return Err(Unspecified),
        };
        verified.map_err(|_| Unspecified)
    }

    const fn parameters(&self, algorithm: JoseAlgorithm) -> Option<Parameters> {
        Some(match (self, algorithm) {
            (Self::Own(PublicKey::Rsa { .. }), algorithm) => Parameters::Rsa(match algorithm {
                JoseAlgorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                JoseAlgorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                JoseAlgorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                JoseAlgorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
                JoseAlgorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
                JoseAlgorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
                _ => return None,
            }),
            (Self::Own(PublicKey::P256(_)), JoseAlgorithm::Es256) => {
                Parameters::Other(&signature::ECDSA_P256_SHA256_FIXED)
            }
            (Self::Own(PublicKey::P384(_)), JoseAlgorithm::Es384) => {
                Parameters::Other(&signature::ECDSA_P384_SHA384_FIXED)
            }
            (Self::P521(_), JoseAlgorithm::Es512) => Parameters::Other(&signature::ECDSA_P521_SHA512_FIXED),
            (Self::Own(PublicKey::Secp256k1(_)), JoseAlgorithm::Es256K) => {
                Parameters::Other(&signature::ECDSA_P256K1_SHA256_FIXED)
            }
            (Self::Own(PublicKey::Ed25519(_)), JoseAlgorithm::EdDsa) => Parameters::Other(&signature::ED25519),
            _ => return None,
        })
    }
}

/// A key on secp256k1 (RFC 8812, section 3). Refused: anything but an uncompressed point on the curve.
pub(crate) fn secp256k1(point: &[u8]) -> Result<signature::ParsedPublicKey, Unspecified> {
    if point.len() != 65 || point.first() != Some(&4) {
        return Err(Unspecified);
    }
    signature::ParsedPublicKey::new(&signature::ECDSA_P256K1_SHA256_FIXED, point).map_err(|_| Unspecified)
}

/// The two ways in which the library takes its keys.
enum Parameters {
    Rsa(&'static RsaParameters),
    Other(&'static dyn VerificationAlgorithm),
}

#[cfg(test)]
#[path = "jose_tests.rs"]
mod tests;

//! The cryptography behind jsonwebtoken: verification with our own public keys, and nothing else.

use std::sync::Once;

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::ErrorKind,
};
use km_crypto::PublicKey;
use km_domain::SignatureAlgorithm;
use signature::Verifier;

/// Makes jsonwebtoken use our keys, once per process.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    // An error means that a provider stands already; only a program that signs tokens itself installs another, and that
    // one verifies nothing.
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

pub(crate) fn decoding_key(key: &PublicKey) -> DecodingKey {
    match key {
        PublicKey::Rsa { modulus, exponent } => DecodingKey::from_rsa_raw_components(modulus, exponent),
        PublicKey::P256(point) | PublicKey::P384(point) | PublicKey::Secp256k1(point) => {
            DecodingKey::from_ec_der(point)
        }
        PublicKey::Ed25519(bytes) => DecodingKey::from_ed_der(bytes),
    }
}

/// The library's name of an algorithm; none if it has none, and no token of an issuer is signed so.
pub(crate) const fn algorithm(algorithm: SignatureAlgorithm) -> Option<Algorithm> {
    Some(match algorithm {
        SignatureAlgorithm::Rs256 => Algorithm::RS256,
        SignatureAlgorithm::Ps256 => Algorithm::PS256,
        SignatureAlgorithm::Es256 => Algorithm::ES256,
        SignatureAlgorithm::Es384 => Algorithm::ES384,
        SignatureAlgorithm::EdDsa => Algorithm::EdDSA,
        SignatureAlgorithm::Es256K => return None,
    })
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: |algorithm, key| {
        let verifier = KeyVerifier::new(*algorithm, key).ok_or(ErrorKind::InvalidKeyFormat)?;
        Ok(Box::new(verifier))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct KeyVerifier {
    theirs: Algorithm,
    ours: SignatureAlgorithm,
    key: PublicKey,
}

impl KeyVerifier {
    /// None if the key's kind and the algorithm do not belong together.
    fn new(theirs: Algorithm, key: &DecodingKey) -> Option<Self> {
        let (ours, key) = match (theirs, key.kind()) {
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => (SignatureAlgorithm::Rs256, rsa(n, e)),
            (Algorithm::PS256, DecodingKeyKind::RsaModulusExponent { n, e }) => (SignatureAlgorithm::Ps256, rsa(n, e)),
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
                (SignatureAlgorithm::Es256, PublicKey::P256(point.clone()))
            }
            (Algorithm::ES384, DecodingKeyKind::SecretOrDer(point)) => {
                (SignatureAlgorithm::Es384, PublicKey::P384(point.clone()))
            }
            (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(bytes)) => {
                (SignatureAlgorithm::EdDsa, PublicKey::Ed25519(bytes.clone()))
            }
            _ => return None,
        };
        Some(Self { theirs, ours, key })
    }
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> PublicKey {
    PublicKey::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() }
}

impl Verifier<Vec<u8>> for KeyVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.key.verify(self.ours, message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for KeyVerifier {
    fn algorithm(&self) -> Algorithm {
        self.theirs
    }
}

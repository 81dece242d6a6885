//! A private key in this process's memory: the key file with which a reader signs requests and opens answers, the key
//! of a witness. Keys of the key manager live in the token, behind `keystore`.

use aws_lc_rs::{
    agreement,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use km_domain::{KeyAlgorithm, SecretBytes, SecretText, SignatureAlgorithm};

use crate::{PublicKey, Unspecified, agreement::on_curve_p256, pem};

const PEM_LABEL: &str = "PRIVATE KEY";

/// A private key on P-256, which signs and agrees, or of Ed25519, which signs.
pub struct SoftwareKey {
    pkcs8: SecretBytes,
    public: PublicKey,
    pair: Pair,
}

enum Pair {
    P256 { signing: Box<EcdsaKeyPair>, agreement: agreement::PrivateKey },
    Ed25519(Box<Ed25519KeyPair>),
}

impl SoftwareKey {
    /// A new key. Refused: every algorithm but P-256 and Ed25519.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, Unspecified> {
        let random = crate::random::system_for_aws_lc();
        let document = match algorithm {
            KeyAlgorithm::P256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random),
            KeyAlgorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8v1(&random),
            _ => return Err(Unspecified),
        }
        .map_err(|_| Unspecified)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads a PKCS#8 document (RFC 5208; RFC 8410 for Ed25519) that is not encrypted. Refused: other kinds of key, and
    /// a public key within that does not belong to the private one.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Unspecified> {
        let (public, pair) = match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            Ok(signing) => {
                let agreement =
                    agreement::PrivateKey::from_private_key_der(&agreement::ECDH_P256, der).map_err(|_| Unspecified)?;
                let public = PublicKey::P256(signing.public_key().as_ref().to_vec());
                (public, Pair::P256 { signing: Box::new(signing), agreement })
            }
            Err(_) => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| Unspecified)?;
                (PublicKey::Ed25519(pair.public_key().as_ref().to_vec()), Pair::Ed25519(Box::new(pair)))
            }
        };
        Ok(Self { pkcs8: SecretBytes::new(der.to_vec()), public, pair })
    }

    /// The PKCS#8 document.
    pub fn to_pkcs8(&self) -> SecretBytes {
        self.pkcs8.clone()
    }

    /// Reads PEM text that holds exactly one `PRIVATE KEY` (RFC 7468, section 10).
    pub fn from_pem(text: &str) -> Result<Self, Unspecified> {
        match pem::decode(PEM_LABEL, text)?.as_slice() {
            [der] => Self::from_pkcs8(der),
            _ => Err(Unspecified),
        }
    }

    /// The key as PEM text, to be written to a file of mode 0600.
    pub fn to_pem(&self) -> SecretText {
        SecretText::new(pem::encode(PEM_LABEL, self.pkcs8.expose()))
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub fn algorithm(&self) -> KeyAlgorithm {
        match self.pair {
            Pair::P256 { .. } => KeyAlgorithm::P256,
            Pair::Ed25519(_) => KeyAlgorithm::Ed25519,
        }
    }

    /// Signs the whole message. ECDSA signatures are r and s of fixed length, one after the other (RFC 7518, section
    /// 3.4). Refused: an algorithm that is not the key's.
    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let signature = match (&self.pair, algorithm) {
            (Pair::P256 { signing, .. }, SignatureAlgorithm::Es256) => {
                signing.sign(&crate::random::system_for_aws_lc(), message)
            }
            (Pair::Ed25519(pair), SignatureAlgorithm::EdDsa) => pair.try_sign(message),
            _ => return Err(Unspecified),
        };
        signature.map(|signature| signature.as_ref().to_vec()).map_err(|_| Unspecified)
    }

    /// The secret that this P-256 key shares with an uncompressed point: the 32-byte x coordinate (SEC 1, section
    /// 3.3.1). Refused: a point off the curve, an Ed25519 key.
    pub fn agree(&self, peer: &[u8]) -> Result<SecretBytes, Unspecified> {
        let Pair::P256 { agreement: private, .. } = &self.pair else { return Err(Unspecified) };
        if !on_curve_p256(peer) {
            return Err(Unspecified);
        }
        let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, peer);
        agreement::agree(private, peer, Unspecified, |z| Ok(SecretBytes::new(z.to_vec())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::EphemeralKey;

    #[test]
    fn one_key_signs_and_agrees() {
        let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
        let signature = key.sign(SignatureAlgorithm::Es256, b"message").unwrap();
        key.public().verify(SignatureAlgorithm::Es256, b"message", &signature).unwrap();
        assert!(key.public().verify(SignatureAlgorithm::Es256, b"massage", &signature).is_err());
        assert!(key.sign(SignatureAlgorithm::EdDsa, b"message").is_err());

        let PublicKey::P256(point) = key.public() else { panic!("not a P-256 key") };
        let ephemeral = EphemeralKey::generate().unwrap();
        let peer = ephemeral.public().to_vec();
        assert!(key.agree(&peer).unwrap().expose() == ephemeral.agree(point).unwrap().expose());
        assert!(key.agree(&[4; 65]).is_err());
    }

    #[test]
    fn files_come_back() {
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Ed25519] {
            let key = SoftwareKey::generate(algorithm).unwrap();
            let again = SoftwareKey::from_pem(key.to_pem().expose()).unwrap();
            assert!(again.public() == key.public() && again.algorithm() == algorithm);
            assert!(again.to_pkcs8().expose() == key.to_pkcs8().expose());
            let doubled = key.to_pem().expose().repeat(2);
            assert!(SoftwareKey::from_pem(&doubled).is_err(), "two keys in one file");
        }
        assert!(SoftwareKey::from_pem("").is_err());
        assert!(SoftwareKey::generate(KeyAlgorithm::P384).is_err());
    }

    #[test]
    fn rfc_8032_section_7_1() {
        // Test 2, its secret key in the PKCS#8 form of RFC 8410, section 7.
        let seed = crate::test_vectors::hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let prefix = crate::test_vectors::hex("302e020100300506032b657004220420");
        let key = SoftwareKey::from_pkcs8(&[prefix, seed].concat()).unwrap();
        let public = crate::test_vectors::hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        assert_eq!(key.public(), &PublicKey::Ed25519(public));
        let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(key.sign(SignatureAlgorithm::EdDsa, &[0x72]).unwrap(), crate::test_vectors::hex(expected));
        assert!(key.agree(&[4; 65]).is_err());
    }
}

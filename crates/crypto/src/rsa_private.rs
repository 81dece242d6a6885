//! An RSA private key that another program kept in a file. It is held for as long as the keys below it are moved into a token,
//! and makes no signatures.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey},
    signature::{ECDSA_P256K1_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use km_domain::SecretBytes;
use zeroize::Zeroizing;

use crate::{PublicKey, Unspecified};

/// The key.
pub struct RsaPrivateKey {
    key: OaepPrivateDecryptingKey,
    public: PublicKey,
}

impl RsaPrivateKey {
    /// Reads a PKCS#8 document. Refused: a key of another kind, fewer than 2048 or more than 8192 bits.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Unspecified> {
        let key = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| Unspecified)?;
        let spki: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| Unspecified)?;
        let public = PublicKey::from_spki_der(spki.as_ref())?;
        Ok(Self { key: OaepPrivateDecryptingKey::new(key).map_err(|_| Unspecified)?, public })
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// RSAES-OAEP with SHA-256, MGF1 with SHA-256 and an empty label (RFC 8017, section 7.1.2).
    pub fn open_oaep_sha256(&self, ciphertext: &[u8]) -> Result<SecretBytes, Unspecified> {
        let mut buffer = Zeroizing::new(vec![0; self.key.min_output_size()]);
        let opened = self.key.decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, &mut buffer, None);
        Ok(SecretBytes::new(opened.map_err(|_| Unspecified)?.to_vec()))
    }
}

/// The public half of a private key in PKCS#8: RSA, P-256, secp256k1 or Ed25519. Refused: another kind.
pub fn public_of_pkcs8(der: &[u8]) -> Result<PublicKey, Unspecified> {
    RsaPrivateKey::from_pkcs8(der)
        .map(|key| key.public)
        .or_else(|_| crate::SoftwareKey::from_pkcs8(der).map(|key| key.public().clone()))
        .or_else(|_| {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256K1_SHA256_FIXED_SIGNING, der).map_err(|_| Unspecified)?;
            Ok(PublicKey::Secp256k1(key.public_key().as_ref().to_vec()))
        })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::Pkcs8V1Der;

    use super::*;

    #[test]
    fn what_is_sealed_to_the_public_half_opens() {
        let made = PrivateDecryptingKey::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let pkcs8: Pkcs8V1Der<'_> = made.as_der().unwrap();
        let key = RsaPrivateKey::from_pkcs8(pkcs8.as_ref()).unwrap();
        let mut sealed = crate::oaep::encrypt_sha256(key.public(), b"content key").unwrap();
        assert!(key.open_oaep_sha256(&sealed).unwrap().expose() == b"content key");
        assert_eq!(public_of_pkcs8(pkcs8.as_ref()).as_ref(), Ok(key.public()));
        sealed[9] ^= 1;
        assert!(key.open_oaep_sha256(&sealed).is_err() && key.open_oaep_sha256(&[]).is_err());
        assert!(RsaPrivateKey::from_pkcs8(&pkcs8.as_ref()[1..]).is_err());
        let other = crate::SoftwareKey::generate(km_domain::KeyAlgorithm::P256).unwrap();
        assert!(RsaPrivateKey::from_pkcs8(other.to_pkcs8().expose()).is_err());
        assert_eq!(public_of_pkcs8(other.to_pkcs8().expose()).as_ref(), Ok(other.public()));
        let on_k1 = EcdsaKeyPair::generate(&ECDSA_P256K1_SHA256_FIXED_SIGNING).unwrap();
        let public = PublicKey::Secp256k1(on_k1.public_key().as_ref().to_vec());
        assert_eq!(public_of_pkcs8(on_k1.to_pkcs8v1().unwrap().as_ref()), Ok(public));
        assert!(public_of_pkcs8(b"no key").is_err());
    }
}

//! What the key manager wants of a token, by name, and which call needs what.

use km_domain::{KeyAlgorithm, SignatureAlgorithm};

/// One thing that a token can or cannot do. The names stand in health, in the log and in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Capability {
    AesGcm,
    AesKeyWrap,
    HmacSha256,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    RsaPkcs1Sha256,
    RsaPssSha256,
    RsaOaepSha256,
    /// The token unpads OAEP itself; otherwise that is done outside, in constant time.
    RsaOaepSha256Native,
    EcdsaP256,
    EcdsaP384,
    EcdhP256,
    EcdsaSecp256k1,
    Ed25519,
    /// What a root unwraps is sensitive whatever the unwrapping call asks for.
    UnwrapTemplate,
    /// RSA private keys and those on P-256, P-384 and secp256k1 are wrapped under a root; otherwise they are objects of the token.
    WrapPrivateKeys,
    Ed25519Wrap,
}

use Capability as C;

impl Capability {
    pub(crate) const ALL: [(Self, &'static str); 18] = [
        (C::AesGcm, "aes-gcm"),
        (C::AesKeyWrap, "aes-key-wrap"),
        (C::HmacSha256, "hmac-sha256"),
        (C::Rsa2048, "rsa-2048"),
        (C::Rsa3072, "rsa-3072"),
        (C::Rsa4096, "rsa-4096"),
        (C::RsaPkcs1Sha256, "rsa-pkcs1-sha256"),
        (C::RsaPssSha256, "rsa-pss-sha256"),
        (C::RsaOaepSha256, "rsa-oaep-sha256"),
        (C::RsaOaepSha256Native, "rsa-oaep-sha256-native"),
        (C::EcdsaP256, "ecdsa-p256"),
        (C::EcdsaP384, "ecdsa-p384"),
        (C::EcdhP256, "ecdh-p256"),
        (C::EcdsaSecp256k1, "ecdsa-secp256k1"),
        (C::Ed25519, "ed25519"),
        (C::UnwrapTemplate, "unwrap-template"),
        (C::WrapPrivateKeys, "wrap-private-keys"),
        (C::Ed25519Wrap, "ed25519-wrap"),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, name)| *name)
    }

    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Making a key of this kind. `wraps`: an AES key that wraps others.
    pub(crate) const fn to_make(algorithm: KeyAlgorithm, wraps: bool) -> Self {
        match algorithm {
            KeyAlgorithm::Aes256 if wraps => Self::AesKeyWrap,
            KeyAlgorithm::Aes256 => Self::AesGcm,
            KeyAlgorithm::HmacSha256 => Self::HmacSha256,
            KeyAlgorithm::Rsa2048 => Self::Rsa2048,
            KeyAlgorithm::Rsa3072 => Self::Rsa3072,
            KeyAlgorithm::Rsa4096 => Self::Rsa4096,
            KeyAlgorithm::P256 => Self::EcdsaP256,
            KeyAlgorithm::P384 => Self::EcdsaP384,
            KeyAlgorithm::Secp256k1 => Self::EcdsaSecp256k1,
            KeyAlgorithm::Ed25519 => Self::Ed25519,
        }
    }

    pub(crate) const fn to_sign(algorithm: SignatureAlgorithm) -> Self {
        match algorithm {
            SignatureAlgorithm::Rs256 => Self::RsaPkcs1Sha256,
            SignatureAlgorithm::Ps256 => Self::RsaPssSha256,
            SignatureAlgorithm::Es256 => Self::EcdsaP256,
            SignatureAlgorithm::Es384 => Self::EcdsaP384,
            SignatureAlgorithm::Es256K => Self::EcdsaSecp256k1,
            SignatureAlgorithm::EdDsa => Self::Ed25519,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_has_a_name_and_a_bit_of_its_own() {
        let bits = Capability::ALL.iter().fold(0, |bits, (one, _)| bits | one.bit());
        assert_eq!(bits.count_ones() as usize, Capability::ALL.len());
        let mut names: Vec<_> = Capability::ALL.iter().map(|(one, _)| one.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Capability::ALL.len());
        assert!(!names.contains(&""));
    }
}

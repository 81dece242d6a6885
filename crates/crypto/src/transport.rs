//! A key on its way into a token that unwraps it within itself: wrapped with an AES key that is drawn for it, and that key
//! encrypted to an RSA key of the token. Between sender and token nobody has it in the clear, the token's own process included.

use aes::cipher::KeyInit;
use aes_kw::KwpAes256;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use km_domain::SecretBytes;
use zeroize::Zeroizing;

use crate::{PublicKey, Unspecified, aead, random};

/// How the AES key is encrypted to the token's RSA key. Tokens differ in which of them they unwrap with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// OAEP with SHA-1, MGF1 with SHA-1, empty label. What makes OAEP safe is not that its hash has no collisions.
    OaepSha1,
    /// The same with SHA-256.
    OaepSha256,
}

/// How the key itself is wrapped with the AES key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// AES Key Wrap with Padding (RFC 5649).
    KeyWrapPad,
    /// AES-256-GCM, its nonce of 12 bytes in front and its tag of 16 behind.
    Gcm,
}

/// What a token unwraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub padding: Padding,
    pub sealing: Sealing,
}

impl Padding {
    /// The name in JOSE (RFC 7518, section 4.3).
    pub const fn name(self) -> &'static str {
        match self {
            Self::OaepSha1 => "RSA-OAEP",
            Self::OaepSha256 => "RSA-OAEP-256",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::OaepSha1, Self::OaepSha256].into_iter().find(|padding| padding.name() == name)
    }
}

impl Sealing {
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyWrapPad => "A256KWP",
            Self::Gcm => "A256GCM",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::KeyWrapPad, Self::Gcm].into_iter().find(|sealing| sealing.name() == name)
    }
}

/// A key as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The AES key, encrypted to the token's RSA key: as long as its modulus.
    pub carrier: Vec<u8>,
    /// The key, wrapped with the AES key.
    pub key: Vec<u8>,
}

/// An AES key drawn for one key that travels.
pub struct Carrier(Zeroizing<[u8; 32]>);

impl Carrier {
    pub fn generate() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        random::fill(&mut *key);
        Self(key)
    }

    /// The 32 bytes, for a token that holds the key which is to travel and wraps it itself.
    pub fn expose(&self) -> &[u8] {
        &*self.0
    }

    /// Encrypts this key to an RSA key. Refused: a key of another kind, or smaller than 2048 bits.
    pub fn to(&self, recipient: &PublicKey, padding: Padding) -> Result<Vec<u8>, Unspecified> {
        let PublicKey::Rsa { modulus, .. } = recipient else { return Err(Unspecified) };
        recipient.check()?;
        let parsed = PublicEncryptingKey::from_der(&recipient.to_spki_der()).map_err(|_| Unspecified)?;
        let key = OaepPublicEncryptingKey::new(parsed).map_err(|_| Unspecified)?;
        let algorithm = match padding {
            Padding::OaepSha1 => &OAEP_SHA1_MGF1SHA1,
            Padding::OaepSha256 => &OAEP_SHA256_MGF1SHA256,
        };
        let mut output = vec![0; modulus.len()];
        let length = key.encrypt(algorithm, &*self.0, &mut output, None).map_err(|_| Unspecified)?.len();
        output.truncate(length);
        Ok(output)
    }

    /// Takes off what [`seal`], or a token that was given this key, put around a key. Refused: another key's, or a changed bit.
    pub fn unwrap(&self, sealing: Sealing, sealed: &[u8]) -> Result<SecretBytes, Unspecified> {
        match sealing {
            Sealing::KeyWrapPad => {
                let mut output = Zeroizing::new(vec![0; sealed.len().saturating_sub(8)]);
                let opened =
                    KwpAes256::new((&*self.0).into()).unwrap_key(sealed, &mut output).map_err(|_| Unspecified)?;
                Ok(SecretBytes::new(opened.to_vec()))
            }
            Sealing::Gcm => {
                let (nonce, sealed) = sealed.split_first_chunk::<12>().ok_or(Unspecified)?;
                aead::open(&*self.0, nonce, &[], sealed)
            }
        }
    }

    fn wrap(&self, sealing: Sealing, material: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match sealing {
            Sealing::KeyWrapPad => {
                // Whole blocks of 8 bytes and one more (RFC 5649, section 4.1).
                let mut output = vec![0; material.len().div_ceil(8) * 8 + 8];
                let wrapping = KwpAes256::new((&*self.0).into());
                let length = wrapping.wrap_key(material, &mut output).map_err(|_| Unspecified)?.len();
                output.truncate(length);
                Ok(output)
            }
            Sealing::Gcm => {
                let nonce = random::bytes::<12>();
                Ok([&nonce[..], &aead::seal(&*self.0, &nonce, &[], material)?].concat())
            }
        }
    }
}

/// Wraps a key (PKCS#8 DER, or 32 bytes of an AES key) for the holder of an RSA key. Refused: a recipient that is no RSA key of
/// at least 2048 bits, an empty key.
pub fn seal(recipient: &PublicKey, form: Form, material: &[u8]) -> Result<Sealed, Unspecified> {
    if material.is_empty() {
        return Err(Unspecified);
    }
    let carrier = Carrier::generate();
    Ok(Sealed { carrier: carrier.to(recipient, form.padding)?, key: carrier.wrap(form.sealing, material)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_vectors::hex;

    /// RFC 5649 has vectors with keys of 192 bits only, so these are of another program: Python's `cryptography` 42,
    /// `keywrap.aes_key_wrap_with_padding`.
    #[test]
    fn what_is_wrapped_is_what_another_program_wraps() {
        let carrier = Carrier(Zeroizing::new(std::array::from_fn(|at| at as u8)));
        for (material, wrapped) in VECTORS {
            let sealed = carrier.wrap(Sealing::KeyWrapPad, &hex(material)).unwrap();
            assert_eq!(sealed, hex(wrapped), "{material}");
            assert!(carrier.unwrap(Sealing::KeyWrapPad, &sealed).unwrap().expose() == hex(material));
        }
    }

    #[test]
    fn what_is_wrapped_opens_and_what_was_changed_does_not() {
        let (carrier, other) = (Carrier::generate(), Carrier::generate());
        for sealing in [Sealing::KeyWrapPad, Sealing::Gcm] {
            for length in [1, 8, 32, 1217] {
                let material = vec![7; length];
                let mut sealed = carrier.wrap(sealing, &material).unwrap();
                assert!(carrier.unwrap(sealing, &sealed).unwrap().expose() == material);
                assert!(other.unwrap(sealing, &sealed).is_err());
                sealed[3] ^= 1;
                assert!(carrier.unwrap(sealing, &sealed).is_err());
            }
            assert!(carrier.unwrap(sealing, &[]).is_err() && carrier.unwrap(sealing, &[0; 7]).is_err());
        }
    }

    #[test]
    fn names_come_back_and_others_are_refused() {
        for padding in [Padding::OaepSha1, Padding::OaepSha256] {
            assert_eq!(Padding::from_name(padding.name()), Some(padding));
        }
        for sealing in [Sealing::KeyWrapPad, Sealing::Gcm] {
            assert_eq!(Sealing::from_name(sealing.name()), Some(sealing));
        }
        assert!(Padding::from_name("RSA1_5").is_none() && Sealing::from_name("").is_none());
    }

    #[test]
    fn only_to_rsa_keys_and_never_nothing() {
        let form = Form { padding: Padding::OaepSha256, sealing: Sealing::Gcm };
        assert!(seal(&PublicKey::Ed25519(vec![1; 32]), form, b"key").is_err());
        let small = PublicKey::Rsa { modulus: vec![0xff; 128], exponent: vec![1, 0, 1] };
        assert!(seal(&small, form, b"key").is_err());
        let good = PublicKey::Rsa { modulus: [&[0xc1][..], &[7; 254], &[1]].concat(), exponent: vec![1, 0, 1] };
        assert!(seal(&good, form, b"").is_err());
        let (one, two) = (seal(&good, form, b"key").unwrap(), seal(&good, form, b"key").unwrap());
        assert!(one.carrier.len() == 256 && one.key.len() == 3 + 28 && one != two);
    }

    const VECTORS: [(&str, &str); 3] = [
        ("00010203040506", "015d947fce931441feff45f438251bc2"),
        (
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "c783bf3f6ee99c48dabbc410e284c52cbf758578989de18a3294c9a4d197c8a26270488b1ce98016",
        ),
        (
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30",
            "1d10a5816497ef0f31c71c1a003f157ac2c4707ff4d45a0d7a30b498b28e6c8db63fb6369891467bd9de501e05dcb00943f08e0ae8b8ff2802657a5bbfa92e03",
        ),
    ];
}

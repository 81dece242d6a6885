//! What `/zkEncrypt` returns: per attribute a value sealed under a key that comes from one of many random keys and the record's
//! id; and that random key, encrypted to some certificates.

use super::payload::{THUMBPRINT, WRAPPED_KEY};
use crate::{FormatError, base64url};

pub const NONCE: usize = 12;
pub const AAD: usize = 32;
/// Most certificates to which one random key is encrypted.
const MOST_PARTS: usize = 64;

/// An attribute's value: index of the random key (big-endian), nonce, additional authenticated data, sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZkValue<'a> {
    pub index: i32,
    pub nonce: &'a [u8; NONCE],
    pub aad: &'a [u8; AAD],
    /// Ciphertext and tag.
    pub sealed: &'a [u8],
}

impl<'a> ZkValue<'a> {
    /// Refused: not more than the 48 bytes that stand in front of every ciphertext.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        Self::read(bytes).ok_or(FormatError::new("the value", "longer than 48 bytes"))
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (index, rest) = bytes.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (aad, sealed) = rest.split_first_chunk()?;
        (!sealed.is_empty()).then_some(Self { index: i32::from_be_bytes(*index), nonce, aad, sealed })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.index.to_be_bytes()[..], self.nonce, self.aad, self.sealed].concat()
    }
}

/// A random key encrypted to one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RandomKeyPart {
    /// SHA-256 of the certificate.
    pub thumbprint: [u8; THUMBPRINT],
    pub wrapped_key: Vec<u8>,
}

impl RandomKeyPart {
    fn parse(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text).ok()?;
        let (thumbprint, wrapped) = bytes.split_first_chunk()?;
        (wrapped.len() == WRAPPED_KEY).then(|| Self { thumbprint: *thumbprint, wrapped_key: wrapped.to_vec() })
    }
}

/// `encryptedRandomKey` read: its parts stand in base64url, joined by dots. Refused: a part that is not a thumbprint and a key that
/// RSA-2048 wrapped, more than 64 parts.
pub fn parse_random_key(text: &str) -> Result<Vec<RandomKeyPart>, FormatError> {
    const REFUSED: FormatError = FormatError::new(
        "the encrypted random key",
        "thumbprints and RSA-2048 ciphertexts in base64url, joined by dots",
    );
    if text.split('.').count() > MOST_PARTS {
        return Err(REFUSED);
    }
    text.split('.').map(RandomKeyPart::parse).collect::<Option<_>>().ok_or(REFUSED)
}

/// `encryptedRandomKey` written.
pub fn random_key_text(parts: &[RandomKeyPart]) -> String {
    let part = |part: &RandomKeyPart| base64url::encode([&part.thumbprint[..], &part.wrapped_key].concat());
    parts.iter().map(part).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_vector() {
        let text = "AAAAKgABAgMEBQYHCAkKCxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vZix8TFK8frATCq70Pr7IC4xCNHSH";
        let bytes = base64url::decode_strict(text).unwrap();
        let value = ZkValue::parse(&bytes).unwrap();
        assert_eq!((value.index, value.nonce[11], value.aad[0], value.aad[31]), (42, 11, 0x10, 0x2f));
        assert_eq!(value.sealed.len(), "hello".len() + 16);
        assert_eq!(base64url::encode(value.to_bytes()), text);
    }

    #[test]
    fn shorter_values_are_refused() {
        for length in 0..70 {
            let bytes = vec![0; length];
            assert_eq!(ZkValue::parse(&bytes).is_ok(), length > 48, "{length}");
        }
        let negative = [&[0xff; 4][..], &[0; 60]].concat();
        assert_eq!(ZkValue::parse(&negative).unwrap().index, -1);
    }

    #[test]
    fn random_keys_in_parts() {
        let part = |byte| RandomKeyPart { thumbprint: [byte; 32], wrapped_key: vec![byte; 256] };
        let parts = [part(1), part(2)];
        let text = random_key_text(&parts);
        assert_eq!(text.split('.').count(), 2);
        assert_eq!(parse_random_key(&text).unwrap(), parts);
        for bad in ["", ".", "AAAA", &format!("{text}."), &text[1..]] {
            assert!(parse_random_key(bad).is_err());
        }
        assert!(parse_random_key(&vec![random_key_text(&[part(1)]); 65].join(".")).is_err());
    }
}

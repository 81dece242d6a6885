//! What `/encryptWithPin` returns: salt of 32 bytes, nonce of 12, sealed. The key comes from PIN and salt, and the salt is the
//! additional authenticated data too. The number of iterations is not in it.

use super::gcm::GcmParts;
use crate::FormatError;

pub const SALT: usize = 32;
pub const NONCE: usize = 12;

/// Such an envelope taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinEnvelope<'a> {
    pub salt: &'a [u8; SALT],
    pub nonce: &'a [u8; NONCE],
    /// Ciphertext and tag.
    pub sealed: &'a [u8],
}

impl<'a> PinEnvelope<'a> {
    /// Refused: fewer than the 60 bytes that salt, nonce and tag need.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        const SHORT: FormatError = FormatError::new("the data", "as long as encryptWithPin makes it");
        let (salt, rest) = bytes.split_first_chunk().ok_or(SHORT)?;
        let (nonce, sealed) = rest.split_first_chunk().ok_or(SHORT)?;
        let envelope = Self { salt, nonce, sealed };
        envelope.parts()?;
        Ok(envelope)
    }

    /// What the key that PIN and salt give opens.
    pub fn parts(&self) -> Result<GcmParts<'a>, FormatError> {
        GcmParts::new(self.nonce, self.salt, self.sealed)
    }

    /// What stands before ciphertext and tag.
    pub fn head(salt: &[u8; SALT], nonce: &[u8; NONCE]) -> Vec<u8> {
        [salt, nonce.as_slice()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;

    #[test]
    fn the_specifications_vector() {
        let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKivPV6udGyqV_aQuEZy5XvgmXj0zQA4";
        let bytes = base64url::decode_strict(text).unwrap();
        let envelope = PinEnvelope::parse(&bytes).unwrap();
        let count = |from: u8, to: u8| (from..to).collect::<Vec<u8>>();
        assert_eq!((envelope.salt.to_vec(), envelope.nonce.to_vec()), (count(0, 32), count(32, 44)));
        assert_eq!(envelope.sealed.len(), "hello".len() + 16);
        assert_eq!(envelope.parts().unwrap().aad, envelope.salt);
        assert_eq!(
            base64url::encode([&PinEnvelope::head(envelope.salt, envelope.nonce), envelope.sealed].concat()),
            text
        );
    }

    #[test]
    fn shorter_ones_are_refused() {
        for length in 0..64 {
            assert_eq!(PinEnvelope::parse(&vec![0; length]).is_ok(), length >= 60, "{length}");
        }
    }
}

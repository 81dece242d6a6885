//! The form of what `encrypt` gives out: format, key id, key version and IV, all authenticated, then ciphertext and tag.
//!
//! ```text
//! 1     format: 1
//! 1     mode: 0 sealed with the key itself, 1 with a data key of this message's own
//! 1     length of the key id, then the key id
//! 4     key version, big-endian
//! 12    IV
//! [60   mode 1: IV, ciphertext and tag of the data key under the key version; its AAD covers everything else]
//! n+16  ciphertext and tag
//! ```

use km_crypto::digest::Sha256;
use km_domain::{KeyId, KeyVersionRef};

use crate::OperationError;

const FORMAT: u8 = 1;
const DIRECT: u8 = 0;
const ENVELOPE: u8 = 1;
/// IV (12), data key (32) and tag (16).
pub(super) const WRAPPED: usize = 60;

/// A ciphertext, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ciphertext {
    pub key: KeyVersionRef,
    pub(super) iv: [u8; 12],
    /// The message's own data key under the key version; `None` where the key sealed the message itself.
    pub(super) wrapped: Option<Vec<u8>>,
    /// Ciphertext and tag.
    pub(super) sealed: Vec<u8>,
}

impl Ciphertext {
    /// Everything before the IV.
    fn header(key: &KeyVersionRef, enveloped: bool) -> Vec<u8> {
        let id = key.key.as_str().as_bytes();
        let mut header = vec![FORMAT, if enveloped { ENVELOPE } else { DIRECT }, u8::try_from(id.len()).unwrap_or(0)];
        header.extend_from_slice(id);
        header.extend_from_slice(&key.version.to_be_bytes());
        header
    }

    /// AAD: the header, then the caller's context.
    pub(super) fn aad(&self, context: &[u8]) -> Vec<u8> {
        let mut aad = Self::header(&self.key, self.wrapped.is_some());
        aad.extend_from_slice(context);
        aad
    }

    /// AAD of the message's own data key: the header and a digest of all else. Whatever was altered, the token refuses the
    /// data key, so that every wrong ciphertext goes one way and takes one time.
    pub(super) fn wrapping_aad(&self, context: &[u8]) -> Vec<u8> {
        let mut digest = Sha256::new();
        digest.update(&self.iv);
        digest.update(&(context.len() as u64).to_be_bytes());
        digest.update(context);
        digest.update(&self.sealed);
        let mut aad = Self::header(&self.key, true);
        aad.extend_from_slice(&digest.finish());
        aad
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Self::header(&self.key, self.wrapped.is_some());
        bytes.extend_from_slice(&self.iv);
        bytes.extend_from_slice(self.wrapped.as_deref().unwrap_or_default());
        bytes.extend_from_slice(&self.sealed);
        bytes
    }

    /// Takes a ciphertext apart; anything that `encrypt` cannot have made is an invalid request.
    pub fn parse(bytes: &[u8]) -> Result<Self, OperationError> {
        Self::read(bytes).ok_or_else(|| OperationError::invalid("ciphertext", "is not what encrypt gives out"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (&[format, mode, length], rest) = bytes.split_first_chunk::<3>()?;
        let (id, rest) = rest.split_at_checked(usize::from(length))?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (iv, rest) = rest.split_first_chunk::<12>()?;
        let (wrapped, sealed) = match mode {
            DIRECT => (None, rest),
            ENVELOPE => rest.split_at_checked(WRAPPED).map(|(wrapped, sealed)| (Some(wrapped.to_vec()), sealed))?,
            _ => return None,
        };
        let key: KeyId = std::str::from_utf8(id).ok()?.parse().ok()?;
        let key = KeyVersionRef { key, version: u32::from_be_bytes(*version) };
        (format == FORMAT && sealed.len() >= 16).then(|| Self { key, iv: *iv, wrapped, sealed: sealed.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(wrapped: Option<Vec<u8>>) -> Ciphertext {
        let key = KeyVersionRef { key: "pii".parse().unwrap(), version: 7 };
        Ciphertext { key, iv: [3; 12], wrapped, sealed: vec![9; 20] }
    }

    /// The stored form: a change here makes stored ciphertext unreadable.
    #[test]
    fn the_form_is_fixed() {
        let bytes = sample(None).to_bytes();
        assert_eq!(&bytes[..10], &[1, 0, 3, b'p', b'i', b'i', 0, 0, 0, 7]);
        assert_eq!(bytes.len(), 10 + 12 + 20);
    }

    #[test]
    fn both_modes_survive_their_bytes() {
        for wrapped in [None, Some(vec![5; WRAPPED])] {
            let ciphertext = sample(wrapped);
            assert_eq!(Ciphertext::parse(&ciphertext.to_bytes()), Ok(ciphertext));
        }
    }

    #[test]
    fn nothing_else_is_read() {
        let bytes = sample(None).to_bytes();
        for end in 0..bytes.len() - 4 {
            assert!(Ciphertext::parse(&bytes[..end]).is_err(), "read {end} bytes");
        }
        let mut other = bytes;
        other[0] = 2;
        assert!(Ciphertext::parse(&other).is_err());
    }
}

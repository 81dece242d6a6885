//! What AES-256-GCM is given, wherever the dialect keeps it.

use crate::FormatError;

/// Length of the tag behind each ciphertext.
pub const TAG: usize = 16;

/// Nonce, additional authenticated data, ciphertext with tag: borrowed from the bytes in which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcmParts<'a> {
    /// Of any length from 1; where it is not 12, GCM derives its counter from it (NIST SP 800-38D, section 7.1, step 2).
    pub iv: &'a [u8],
    pub aad: &'a [u8],
    /// Ciphertext and the tag of 16 bytes, one after the other.
    pub sealed: &'a [u8],
}

impl<'a> GcmParts<'a> {
    /// Refused: an empty nonce, a ciphertext without room for its tag.
    pub fn new(iv: &'a [u8], aad: &'a [u8], sealed: &'a [u8]) -> Result<Self, FormatError> {
        if iv.is_empty() {
            return Err(FormatError::new("the nonce", "at least one byte"));
        }
        if sealed.len() < TAG {
            return Err(FormatError::new("the ciphertext", "followed by a tag of 16 bytes"));
        }
        Ok(Self { iv, aad, sealed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_opened_is_refused_here() {
        assert!(GcmParts::new(&[1], &[], &[0; TAG]).is_ok());
        assert!(GcmParts::new(&[], &[], &[0; TAG]).is_err(), "no nonce");
        assert!(GcmParts::new(&[1], &[], &[0; TAG - 1]).is_err(), "no room for a tag");
    }
}

//! What `/tpmencrypt` returns and registration clients send: a wrapped key, nonce, additional authenticated data, sealed. Older
//! clients have a nonce of 16 bytes and AAD of 12, and nothing in the bytes tells the two apart.

use super::{gcm::GcmParts, payload::WRAPPED_KEY};
use crate::FormatError;

pub const NONCE: usize = 12;
pub const AAD: usize = 32;
const OLD_NONCE: usize = 16;
const OLD_AAD: usize = 12;

/// Such an envelope, in both readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientEnvelope<'a> {
    /// The content key, encrypted to an RSA key of 2048 bits.
    pub wrapped_key: &'a [u8],
    /// To be tried first, where there is room for it.
    pub current: Option<GcmParts<'a>>,
    /// To be tried next.
    pub old: GcmParts<'a>,
}

impl<'a> ClientEnvelope<'a> {
    /// Refused: bytes with no room for either reading.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        const SHORT: FormatError = FormatError::new("the value", "as long as tpmencrypt makes it");
        let (wrapped_key, rest) = bytes.split_at_checked(WRAPPED_KEY).ok_or(SHORT)?;
        let current = parts(rest, NONCE, AAD);
        Ok(Self { wrapped_key, current, old: parts(rest, OLD_NONCE, OLD_AAD).ok_or(SHORT)? })
    }
}

fn parts(bytes: &[u8], nonce: usize, aad: usize) -> Option<GcmParts<'_>> {
    let (iv, rest) = bytes.split_at_checked(nonce)?;
    let (aad, sealed) = rest.split_at_checked(aad)?;
    GcmParts::new(iv, aad, sealed).ok()
}

/// An envelope of today's form.
pub fn to_bytes(wrapped_key: &[u8], nonce: &[u8; NONCE], aad: &[u8; AAD], sealed: &[u8]) -> Vec<u8> {
    [wrapped_key, nonce, aad, sealed].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_readings() {
        let bytes = to_bytes(&[1; 256], &[2; 12], &[3; 32], &[4; 20]);
        let envelope = ClientEnvelope::parse(&bytes).unwrap();
        assert_eq!(envelope.wrapped_key, [1; 256]);
        let current = envelope.current.unwrap();
        assert_eq!((current.iv, current.aad, current.sealed), (&[2; 12][..], &[3; 32][..], &[4; 20][..]));
        let old = envelope.old;
        assert_eq!((old.iv, old.aad), (&bytes[256..272], &bytes[272..284]));
        assert_eq!(old.sealed, &bytes[284..]);
    }

    #[test]
    fn short_ones() {
        for length in 0..330 {
            let bytes = vec![0; length];
            let envelope = ClientEnvelope::parse(&bytes);
            assert_eq!(envelope.is_ok(), length >= 256 + 16 + 12 + 16, "{length}");
            assert_eq!(envelope.is_ok_and(|e| e.current.is_some()), length >= 256 + 12 + 32 + 16, "{length}");
        }
    }
}

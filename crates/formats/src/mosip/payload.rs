//! What `/encrypt` returns and `/decrypt` takes, in its three layouts and the older form that names no certificate:
//!
//! | layout | chosen by | bytes |
//! |---|---|---|
//! | A | neither salt nor AAD | `VER_R2`, thumbprint, wrapped key, splitter, AAD of 32 whose first 12 are the nonce, sealed |
//! | B | AAD alone | thumbprint, wrapped key, splitter, sealed, nonce of 16 |
//! | C | a salt, which is the nonce | thumbprint, wrapped key, splitter, sealed |
//!
//! A thumbprint is the SHA-256 of the recipient's certificate; the wrapped key is as long as its RSA modulus.

use super::gcm::GcmParts;
use crate::FormatError;

/// Between what opens the content key and what it opens.
pub const SPLITTER: &[u8; 14] = b"#KEY_SPLITTER#";
/// At the front of layout A.
pub const VERSION: &[u8; 6] = b"VER_R2";
pub const THUMBPRINT: usize = 32;
/// Length of a key that RSA-2048 wrapped. The dialect knows a thumbprint only in front of one such.
pub const WRAPPED_KEY: usize = 256;
/// Length of layout A's additional authenticated data.
pub const OWN_AAD: usize = 32;
/// Length of layout B's nonce.
pub const OWN_IV: usize = 16;
const NONCE: usize = 12;

/// A sealed payload taken apart as far as it can be without what was given when it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedPayload<'a> {
    /// Whether it begins with [`VERSION`], as layout A does.
    pub versioned: bool,
    /// SHA-256 of the recipient's certificate; none in data from before thumbprints were written.
    pub thumbprint: Option<[u8; THUMBPRINT]>,
    /// The content key, encrypted to the recipient's RSA key.
    pub wrapped_key: &'a [u8],
    /// All behind the splitter.
    pub body: &'a [u8],
}

impl<'a> SealedPayload<'a> {
    /// Takes a payload apart. Refused, and for no other reason: no splitter in it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let (key, body) =
            split(bytes).ok_or(FormatError::new("the data", "made by encrypt: it has no key splitter"))?;
        let (versioned, key) = match key.strip_prefix(VERSION) {
            Some(rest) => (true, rest),
            None => (false, key),
        };
        let (thumbprint, wrapped_key) = match key.split_first_chunk::<THUMBPRINT>() {
            Some((thumbprint, wrapped)) if wrapped.len() == WRAPPED_KEY => (Some(*thumbprint), wrapped),
            _ => (None, key),
        };
        Ok(Self { versioned, thumbprint, wrapped_key, body })
    }

    /// What is to be opened with the content key, given what was given when it was sealed: a salt decides for layout C, else the
    /// payload itself says whether it is A or B. Refused: a body too short for its layout, an empty salt.
    pub fn parts(&self, salt: Option<&'a [u8]>, aad: Option<&'a [u8]>) -> Result<GcmParts<'a>, FormatError> {
        const SHORT: FormatError = FormatError::new("the data", "as long as encrypt makes it");
        let aad = aad.unwrap_or_default();
        match salt {
            Some(salt) => GcmParts::new(salt, aad, self.body),
            None if self.versioned => {
                let (own, sealed) = self.body.split_at_checked(OWN_AAD).ok_or(SHORT)?;
                let (iv, _) = own.split_at_checked(NONCE).ok_or(SHORT)?;
                GcmParts::new(iv, own, sealed)
            }
            None => {
                let (sealed, iv) = self.body.split_last_chunk::<OWN_IV>().ok_or(SHORT)?;
                GcmParts::new(iv, aad, sealed)
            }
        }
    }
}

/// Around the first splitter.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.windows(SPLITTER.len()).position(|window| window == SPLITTER)?;
    let (key, rest) = bytes.split_at_checked(at)?;
    Some((key, rest.strip_prefix(SPLITTER)?))
}

/// The layout of a payload to be sealed, with what it has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout<'a> {
    /// A: random bytes, authenticated and carried in front of the ciphertext.
    Embedded { aad: [u8; OWN_AAD] },
    /// B: a random nonce, carried behind the tag.
    Appended { iv: [u8; OWN_IV], aad: &'a [u8] },
    /// C: the caller keeps nonce and AAD, and must bring both to open it.
    Given { salt: &'a [u8], aad: &'a [u8] },
}

impl<'a> Layout<'a> {
    /// The layout that the dialect chooses for what is given; `random` is drawn for this payload.
    pub fn choose(salt: Option<&'a [u8]>, aad: Option<&'a [u8]>, random: [u8; OWN_AAD]) -> Self {
        match (salt, aad) {
            (Some(salt), aad) => Self::Given { salt, aad: aad.unwrap_or_default() },
            (None, Some(aad)) => {
                let mut iv = [0; OWN_IV];
                iv.iter_mut().zip(random).for_each(|(to, from)| *to = from);
                Self::Appended { iv, aad }
            }
            (None, None) => Self::Embedded { aad: random },
        }
    }

    /// The nonce.
    pub fn iv(&self) -> &[u8] {
        match self {
            Self::Embedded { aad } => aad.split_at_checked(NONCE).map_or(&[], |(iv, _)| iv),
            Self::Appended { iv, .. } => iv,
            Self::Given { salt, .. } => salt,
        }
    }

    /// What is authenticated beside the ciphertext.
    pub fn aad(&self) -> &[u8] {
        match self {
            Self::Embedded { aad } => aad,
            Self::Appended { aad, .. } | Self::Given { aad, .. } => aad,
        }
    }

    /// All that stands in front of the ciphertext. `room` is how many bytes will follow, so that they need no second buffer.
    pub fn front(&self, thumbprint: &[u8; THUMBPRINT], wrapped_key: &[u8], room: usize) -> Vec<u8> {
        let version: &[u8] = if let Self::Embedded { .. } = self { VERSION } else { &[] };
        let own: &[u8] = if let Self::Embedded { aad } = self { aad } else { &[] };
        let parts = [version, thumbprint, wrapped_key, SPLITTER, own];
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>().saturating_add(room));
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        bytes
    }

    /// All that stands behind the tag.
    pub fn back(&self) -> &[u8] {
        if let Self::Appended { iv, .. } = self { iv } else { &[] }
    }
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;

//! `/encrypt` and `/decrypt`: a payload sealed under a new AES-256-GCM key, which is encrypted to a certificate's RSA key with OAEP
//! (SHA-256, MGF1 with SHA-256, empty label).

use km_crypto::{
    PublicKey,
    gcm::{OneTimeKey, TAG_LENGTH},
    oaep, random,
};
use km_domain::SecretBytes;
use km_formats::mosip::payload::{Layout, SealedPayload, THUMBPRINT};
use km_keystore::{Decrypt, StoredKey};

use crate::{EnvelopeError, content_key};

/// To whom a payload is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// The certificate's key: RSA of at least 2048 bits. The dialect can name the certificate of a 2048-bit key only.
    pub public: PublicKey,
    /// SHA-256 of the certificate's DER.
    pub thumbprint: [u8; THUMBPRINT],
}

/// Seals a payload in the layout that the dialect chooses for what is given: A without salt and AAD, B with AAD alone, C with a salt,
/// which then is the nonce, of any length from 1 byte. The key is drawn for this payload and seals no other, so that a salt which a
/// caller always sends harms nothing.
///
/// Refused: an empty plaintext or salt, a key that is not RSA or not of good size.
pub fn seal(
    recipient: &Certified,
    salt: Option<&[u8]>,
    aad: Option<&[u8]>,
    plaintext: &[u8],
) -> Result<Vec<u8>, EnvelopeError> {
    if plaintext.is_empty() {
        return Err(EnvelopeError::Refused);
    }
    let layout = Layout::choose(salt, aad, random::bytes());
    let key = OneTimeKey::generate();
    let wrapped = oaep::encrypt_sha256(&recipient.public, key.expose())?;

    let room = plaintext.len() + TAG_LENGTH + layout.back().len();
    let mut bytes = layout.front(&recipient.thumbprint, &wrapped, room);
    let start = bytes.len();
    bytes.extend_from_slice(plaintext);
    key.seal(layout.iv(), layout.aad(), &mut bytes, start)?;
    bytes.extend_from_slice(layout.back());
    Ok(bytes)
}

/// Opens a payload with the recipient's key, which the caller has found by the payload's thumbprint; for a payload without one the
/// caller tries each key that it may be for.
///
/// Whatever is wrong gives [`EnvelopeError::Refused`] after the same work: the padding of the wrapped key, the salt, the AAD, a changed
/// bit. Faults that anyone can see in the bytes are told at once, by [`SealedPayload::parts`] too.
pub fn open<S: Decrypt + ?Sized>(
    payload: &SealedPayload<'_>,
    salt: Option<&[u8]>,
    aad: Option<&[u8]>,
    key: &StoredKey,
    store: &S,
) -> Result<SecretBytes, EnvelopeError> {
    content_key::open(payload.wrapped_key, &payload.parts(salt, aad)?, key, store)
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;

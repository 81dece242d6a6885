//! AES-256-GCM with a nonce of any length (NIST SP 800-38D), and keys that seal one message and no other.
//!
//! Formats of others fix nonces of 16 and 32 bytes, or let a caller choose them. From a nonce that is not 12 bytes long GCM derives
//! its first counter with GHASH, so that two nonces may meet in one counter; and a caller may send the same nonce always. Neither
//! matters where no key meets a second message: that is why sealing is a method of [`OneTimeKey`], which it uses up.
//!
//! Our libraries take nonces of 12 bytes only. For others the mode is put together here from AES, its counter mode and GHASH, each
//! from a library, and held against the vectors of Project Wycheproof.

use aes::{
    Aes256,
    cipher::{Array, BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipherCore},
};
use ctr::{CtrCore, flavors::Ctr32BE};
use ghash::{GHash, universal_hash::UniversalHash};
use km_domain::SecretBytes;
use zeroize::{Zeroize, Zeroizing};

use crate::{Unspecified, aead, constant_time, random};

pub use crate::aead::TAG_LENGTH;

const KEY: usize = 32;
const BLOCK: usize = 16;
/// The length that needs no derivation.
const PLAIN_NONCE: usize = 12;
/// Longest message under one counter: 2^36 - 32 bytes (section 5.2.1.1).
const LONGEST: u64 = (1 << 36) - 32;

/// A new key for one message.
pub struct OneTimeKey(Zeroizing<[u8; KEY]>);

impl OneTimeKey {
    /// Draws a key.
    pub fn generate() -> Self {
        let mut key = Zeroizing::new([0; KEY]);
        random::fill(&mut *key);
        Self(key)
    }

    /// The 32 bytes, to be wrapped for whoever shall open the message.
    pub fn expose(&self) -> &[u8] {
        &*self.0
    }

    /// Encrypts what stands in `buffer` from `start` on, where it stands, and appends the tag of 16 bytes. Uses the key up.
    ///
    /// Refused: an empty nonce, a start behind the end, a message beyond GCM's limit. The buffer is then of no use.
    pub fn seal(self, iv: &[u8], aad: &[u8], buffer: &mut Vec<u8>, start: usize) -> Result<(), Unspecified> {
        seal(&self.0, iv, aad, buffer, start)
    }
}

fn seal(key: &[u8; KEY], iv: &[u8], aad: &[u8], buffer: &mut Vec<u8>, start: usize) -> Result<(), Unspecified> {
    let message = buffer.get_mut(start..).ok_or(Unspecified)?;
    let tag = match <&[u8; PLAIN_NONCE]>::try_from(iv) {
        Ok(nonce) => aead::seal_in_place(key, nonce, aad, message)?,
        Err(_) => {
            let mode = Gcm::new(key, iv, message.len())?;
            mode.apply(message);
            mode.tag(aad, message)
        }
    };
    buffer.extend_from_slice(&tag);
    Ok(())
}

/// Verifies and decrypts ciphertext with its tag. The error is the same whatever was wrong: key, nonce, AAD, a changed bit.
pub fn open(key: &[u8], iv: &[u8], aad: &[u8], sealed: &[u8]) -> Result<SecretBytes, Unspecified> {
    if let Ok(nonce) = iv.try_into() {
        return aead::open(key, nonce, aad, sealed);
    }
    let key = key.try_into().map_err(|_| Unspecified)?;
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG_LENGTH>().ok_or(Unspecified)?;
    let mode = Gcm::new(key, iv, ciphertext.len())?;
    if !constant_time::equal(&mode.tag(aad, ciphertext), tag) {
        return Err(Unspecified);
    }
    let mut message = Zeroizing::new(ciphertext.to_vec());
    mode.apply(&mut message);
    Ok(SecretBytes::from(message))
}

/// The mode under one key and one nonce.
struct Gcm {
    aes: Aes256,
    hash: GHash,
    /// The first counter, J0, whose keystream masks the tag.
    first: [u8; BLOCK],
}

impl Gcm {
    /// Refused: an empty nonce, a message that is too long.
    fn new(key: &[u8; KEY], iv: &[u8], length: usize) -> Result<Self, Unspecified> {
        if iv.is_empty() || length as u64 > LONGEST {
            return Err(Unspecified);
        }
        let aes = Aes256::new(key.into());
        let mut subkey = Array::default();
        aes.encrypt_block(&mut subkey);
        let hash = GHash::new(&subkey);
        subkey.zeroize();
        // J0 = GHASH of the padded nonce, eight zero bytes, its length in bits (section 7.1, step 2).
        let first = hashed(&hash, &[iv], 0, iv.len());
        Ok(Self { aes, hash, first })
    }

    /// Encrypts or decrypts in place, with the keystream behind the first counter.
    fn apply(&self, message: &mut [u8]) {
        let mut keystream = CtrCore::<&Aes256, Ctr32BE>::inner_iv_init(&self.aes, &self.first.into());
        let mut mask = Array::default();
        keystream.write_keystream_block(&mut mask);
        keystream.apply_keystream_partial(message.into());
    }

    fn tag(&self, aad: &[u8], ciphertext: &[u8]) -> [u8; TAG_LENGTH] {
        let mut tag = hashed(&self.hash, &[aad, ciphertext], aad.len(), ciphertext.len());
        let mut mask = Array::from(self.first);
        self.aes.encrypt_block(&mut mask);
        tag.iter_mut().zip(&mask).for_each(|(byte, mask)| *byte ^= mask);
        mask.zeroize();
        tag
    }
}

/// GHASH of the parts, each padded to whole blocks, and of a last block with two lengths in bits.
fn hashed(keyed: &GHash, parts: &[&[u8]], left: usize, right: usize) -> [u8; BLOCK] {
    let mut hash = keyed.clone();
    parts.iter().for_each(|part| hash.update_padded(part));
    let lengths = u128::from(left as u64 * 8) << 64 | u128::from(right as u64 * 8);
    hash.update(&[lengths.to_be_bytes().into()]);
    hash.finalize().into()
}

#[cfg(test)]
#[path = "gcm_tests.rs"]
mod tests;

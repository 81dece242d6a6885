//! AES-256-GCM with a 12-byte nonce (NIST SP 800-38D) and a short-lived key.

use km_domain::SecretBytes;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::Unspecified;

/// Length of the tag that ends every sealed message.
pub const TAG_LENGTH: usize = 16;

/// Encrypts and authenticates. Never use a nonce twice with one key.
///
/// Returns ciphertext and tag, one after the other. Refused: a key that is not 32 bytes long, a message beyond GCM's
/// limit.
pub fn seal(key: &[u8], nonce: &[u8; NONCE_LEN], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
    seal_after(&[], key, nonce, aad, plaintext)
}

/// As [`seal`], with these bytes before it, as they are: a message may be too long to be moved behind them later.
pub fn seal_after(
    head: &[u8],
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let mut sealed = Vec::with_capacity(head.len().saturating_add(plaintext.len()).saturating_add(TAG_LENGTH));
    sealed.extend_from_slice(head);
    sealed.extend_from_slice(plaintext);
    let tag = seal_in_place(key, nonce, aad, &mut sealed[head.len()..])?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Verifies and decrypts what [`seal`] made. The error is the same whatever was wrong.
pub fn open(key: &[u8], nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Result<SecretBytes, Unspecified> {
    let key = key_of(key)?;
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = key.open_in_place(nonce, Aad::from(aad), &mut buffer).map_err(|_| Unspecified)?.len();
    buffer.truncate(length);
    Ok(SecretBytes::from(buffer))
}

/// As [`seal`], but where the message stands: it becomes ciphertext, and its tag is returned.
pub(crate) fn seal_in_place(
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    message: &mut [u8],
) -> Result<[u8; TAG_LENGTH], Unspecified> {
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let tag = key_of(key)?.seal_in_place_separate_tag(nonce, Aad::from(aad), message).map_err(|_| Unspecified)?;
    tag.as_ref().try_into().map_err(|_| Unspecified)
}

fn key_of(bytes: &[u8]) -> Result<LessSafeKey, Unspecified> {
    UnboundKey::new(&AES_256_GCM, bytes).map(LessSafeKey::new).map_err(|_| Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_vectors::hex;

    #[test]
    fn published_vector() {
        // The GCM specification (McGrew and Viega), appendix B, test case 16.
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let nonce = hex("cafebabefacedbaddecaf888").try_into().unwrap();
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plaintext =
            hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
                             b16aedf5aa0de657ba637b39");
        let sealed =
            hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
                          c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
        assert_eq!(seal(&key, &nonce, &aad, &plaintext).unwrap(), sealed);
        assert_eq!(open(&key, &nonce, &aad, &sealed).unwrap().expose(), plaintext);
    }

    #[test]
    fn the_cose_working_groups_vector() {
        // github.com/cose-wg/Examples, aes-gcm-examples/aes-gcm-enc-03.json: A256GCM in a COSE_Encrypt0.
        let key = hex("0f1e2d3c4b5a69788796a5b4c3d2e1f01f2e3d4c5b6a798897a6b5c4d3e2f100");
        let nonce = hex("02d1f7e6f26c43d4868d87ce").try_into().unwrap();
        let sealed = hex("9d64a5a59a3b04867dccf6b8ef82f7d1a3b25ef84eca2bc5d7593a96e943859a9cc24ad3");
        let aad = hex("8368456e63727970743043a1010340");
        assert_eq!(open(&key, &nonce, &aad, &sealed).unwrap().expose(), b"This is the content.");
    }

    #[test]
    fn any_changed_bit_is_refused() {
        let (key, nonce) = ([7; 32], [1; 12]);
        let sealed = seal(&key, &nonce, b"aad", b"text").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&key, &nonce, b"aad", &changed).is_err());
        }
        assert!(open(&key, &nonce, b"aae", &sealed).is_err());
        assert!(open(&key, &[2; 12], b"aad", &sealed).is_err());
        assert!(open(&[8; 32], &nonce, b"aad", &sealed).is_err());
        assert!(open(&key, &nonce, b"aad", &sealed[..15]).is_err());
        assert!(open(&key, &nonce, b"aad", &[]).is_err());
        assert!(seal(&[7; 16], &nonce, b"", b"").is_err(), "a 128-bit key must be refused");
    }
}

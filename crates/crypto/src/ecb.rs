//! AES-256 over two blocks, each by itself (NIST SP 800-38A, section 6.1): how the MOSIP dialect wraps a random key, and derives one
//! from a hash. Of use for such uniformly random blocks only: equal blocks of a message would show.

use aes::{
    Aes256,
    cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};
use km_domain::SecretBytes;
use zeroize::Zeroizing;

use crate::Unspecified;

const SIZE: usize = 32;

/// Encrypts 32 bytes. Refused: a key that is not 32 bytes long.
pub fn encrypt_32(key: &SecretBytes, bytes: &[u8; SIZE]) -> Result<SecretBytes, Unspecified> {
    each_block(key, bytes, |aes, block| aes.encrypt_block(block))
}

/// Decrypts 32 bytes. Refused: a key that is not 32 bytes long. Nothing says whether it was the right one.
pub fn decrypt_32(key: &SecretBytes, bytes: &[u8; SIZE]) -> Result<SecretBytes, Unspecified> {
    each_block(key, bytes, |aes, block| aes.decrypt_block(block))
}

fn each_block(
    key: &SecretBytes,
    bytes: &[u8; SIZE],
    step: impl Fn(&Aes256, &mut Array<u8, <Aes256 as aes::cipher::BlockSizeUser>::BlockSize>),
) -> Result<SecretBytes, Unspecified> {
    let key: &[u8; SIZE] = key.expose().try_into().map_err(|_| Unspecified)?;
    let aes = Aes256::new(key.into());
    let mut out = Zeroizing::new(bytes.to_vec());
    for chunk in out.chunks_exact_mut(16) {
        step(&aes, chunk.try_into().map_err(|_| Unspecified)?);
    }
    Ok(SecretBytes::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_vectors::hex;

    #[test]
    fn nist_sp_800_38a() {
        // Section F.1.5, ECB-AES256.Encrypt, blocks 1 and 2.
        let key = SecretBytes::new(hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));
        let clear = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51").try_into().unwrap();
        let closed = hex("f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870").try_into().unwrap();
        assert!(encrypt_32(&key, &clear).unwrap().expose() == closed);
        assert!(decrypt_32(&key, &closed).unwrap().expose() == clear);
        assert!(encrypt_32(&SecretBytes::new(vec![0; 16]), &clear).is_err());
    }
}

//! PBKDF2 (RFC 8018, section 5.2) with HMAC-SHA-512.

use std::num::NonZeroU32;

use km_domain::SecretBytes;
use ring::pbkdf2;

/// A key of 32 bytes from a secret that people remember. It costs as many rounds as it is told, about 0.3 seconds for 100,000.
pub fn derive_32(secret: &[u8], salt: &[u8], iterations: NonZeroU32) -> SecretBytes {
    let mut key = zeroize::Zeroizing::new(vec![0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, iterations, salt, secret, &mut key);
    SecretBytes::from(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_vectors::hex;

    #[test]
    fn the_dialects_vectors() {
        // The MOSIP dialect's specification, encryptWithPin: computed there by another program.
        let salt: Vec<u8> = (0..32).collect();
        let rounds = |count| NonZeroU32::new(count).unwrap();
        let expected = hex("8b442e91f4eb5121f6e6e614c6a2fa5e15aaa56b942c10f25343e64153bc986f");
        assert!(derive_32(b"1234", &salt, rounds(100_000)).expose() == expected);
        assert!(derive_32(b"1234", &salt, rounds(99_999)).expose() != expected);
        assert!(derive_32(b"1235", &salt, rounds(100_000)).expose() != expected);
    }
}

//! Keys derived from secrets: HKDF (RFC 5869) and the Concat KDF of ECDH-ES (RFC 7518, section 4.6.2).

use km_domain::SecretBytes;
use zeroize::Zeroizing;

use crate::{
    Unspecified,
    digest::{Sha256, hmac_sha256, hmac_sha256_parts},
};

/// HKDF-SHA-256 with 32 bytes of output, which is one round of the expand step (RFC 5869, section 2.3).
///
/// `info` is hashed part after part, so that the caller need not join them; nothing separates the parts.
pub fn derive_32(secret: &[u8], salt: &[u8], info: &[&[u8]]) -> SecretBytes {
    Secret::extract(secret, salt).expand_32(info)
}

/// What the extract step (RFC 5869, section 2.2) made of a secret, for many expansions.
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    pub fn extract(secret: &[u8], salt: &[u8]) -> Self {
        Self(Zeroizing::new(hmac_sha256(salt, secret)))
    }

    /// One round of the expand step (RFC 5869, section 2.3): 32 bytes. `info` as in [`derive_32`].
    pub fn expand_32(&self, info: &[&[u8]]) -> SecretBytes {
        let mut parts = info.to_vec();
        parts.push(&[1]);
        SecretBytes::new(hmac_sha256_parts(self.0.as_slice(), &parts).to_vec())
    }
}

/// The key that ECDH-ES derives from the shared secret `z` (RFC 7518, section 4.6.2; NIST SP 800-56A, section 5.8.1).
///
/// `algorithm` is the AlgorithmID: for direct agreement the value of `enc`. `apu` and `apv` are the decoded header
/// members, empty when absent. `length` counts bytes and is at most 32, one round of the hash; more, or none, is
/// refused.
pub fn concat_kdf_sha256(
    z: &[u8],
    algorithm: &str,
    apu: &[u8],
    apv: &[u8],
    length: u32,
) -> Result<SecretBytes, Unspecified> {
    if length == 0 || length > 32 {
        return Err(Unspecified);
    }
    let mut hasher = Sha256::new();
    hasher.update(&1u32.to_be_bytes());
    hasher.update(z);
    for field in [algorithm.as_bytes(), apu, apv] {
        hasher.update(&u32::try_from(field.len()).map_err(|_| Unspecified)?.to_be_bytes());
        hasher.update(field);
    }
    hasher.update(&(length * 8).to_be_bytes());
    let output = Zeroizing::new(hasher.finish());
    Ok(SecretBytes::new(output.iter().take(length as usize).copied().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_vectors::hex;

    #[test]
    fn rfc_5869_appendix_a() {
        // A.1, A.2 and A.3: the first 32 bytes of OKM, which are the first round.
        let a1 = derive_32(&[0x0b; 22], &hex("000102030405060708090a0b0c"), &[&hex("f0f1f2f3f4f5f6f7f8f9")]);
        assert_eq!(a1.expose(), hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"));

        let (ikm, salt, info): (Vec<u8>, Vec<u8>, Vec<u8>) =
            ((0..0x50).collect(), (0x60..0xb0).collect(), (0xb0..=0xff).collect());
        let a2 = derive_32(&ikm, &salt, &[&info[..7], &info[7..]]);
        assert_eq!(a2.expose(), hex("b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"));

        let a3 = derive_32(&[0x0b; 22], b"", &[]);
        assert_eq!(a3.expose(), hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"));
    }

    #[test]
    fn rfc_7518_appendix_c() {
        let z = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
            106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let key = concat_kdf_sha256(&z, "A128GCM", b"Alice", b"Bob", 16).unwrap();
        assert_eq!(key.expose(), [86, 170, 141, 234, 248, 35, 109, 32, 92, 34, 40, 205, 113, 167, 16, 26]);
        assert!(concat_kdf_sha256(&z, "A128GCM", b"", b"", 33).is_err());
        assert!(concat_kdf_sha256(&z, "A128GCM", b"", b"", 0).is_err());
    }
}

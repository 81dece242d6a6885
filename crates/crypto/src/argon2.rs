//! Argon2id, version 1.3 (RFC 9106).

use argon2::{Algorithm, Argon2, Params, Version};
use km_domain::SecretBytes;

use crate::Unspecified;

const OUTPUT: usize = 32;

/// What a hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Passes over the memory.
    pub iterations: u32,
    pub memory_kib: u32,
    /// Lanes; they are computed one after the other.
    pub parallelism: u32,
}

/// A hash of 32 bytes. Refused: a salt of fewer than 8 bytes, a cost beyond what RFC 9106 allows, memory that cannot be had.
pub fn hash_32(secret: &[u8], salt: &[u8], cost: Cost) -> Result<SecretBytes, Unspecified> {
    let params =
        Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(OUTPUT)).map_err(|_| Unspecified)?;
    let mut hash = zeroize::Zeroizing::new(vec![0; OUTPUT]);
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    hasher.hash_password_into(secret, salt, &mut hash).map_err(|_| Unspecified)?;
    Ok(SecretBytes::from(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_are_refused() {
        let good = Cost { iterations: 1, memory_kib: 64, parallelism: 2 };
        assert!(hash_32(b"secret", &[0; 8], good).is_ok());
        assert!(hash_32(b"secret", &[0; 7], good).is_err(), "a short salt");
        for bad in [Cost { iterations: 0, ..good }, Cost { memory_kib: 1, ..good }, Cost { parallelism: 0, ..good }] {
            assert!(hash_32(b"secret", &[0; 8], bad).is_err());
        }
    }

    #[test]
    fn every_part_counts() {
        let cost = Cost { iterations: 2, memory_kib: 64, parallelism: 1 };
        let hash = |secret: &[u8], salt: &[u8], cost| hash_32(secret, salt, cost).unwrap().expose().to_vec();
        let one = hash(b"secret", &[0; 16], cost);
        assert_eq!(one, hash(b"secret", &[0; 16], cost));
        assert_ne!(one, hash(b"secres", &[0; 16], cost));
        assert_ne!(one, hash(b"secret", &[1; 16], cost));
        for other in [Cost { iterations: 3, ..cost }, Cost { memory_kib: 128, ..cost }, Cost { parallelism: 2, ..cost }]
        {
            assert_ne!(one, hash(b"secret", &[0; 16], other));
        }
    }
}

//! `/generateArgon2Hash`.

use km_crypto::argon2::{Cost, hash_32};
use km_crypto::random;
use km_domain::{SecretBytes, SecretText};

use crate::EnvelopeError;

/// Length of a salt that is drawn here.
const SALT: usize = 24;

/// A new salt, for a caller who brings none.
pub fn new_salt() -> [u8; SALT] {
    random::bytes()
}

/// The Argon2id hash of a text, 32 bytes. Refused: a salt of fewer than 8 bytes, a cost that is out of range.
pub fn hash(text: &SecretText, salt: &[u8], cost: Cost) -> Result<SecretBytes, EnvelopeError> {
    Ok(hash_32(text.expose().as_bytes(), salt, cost)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosip::fixture::{self, bytes, number, text};

    #[test]
    fn what_another_program_computed() {
        let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/argon2.json"));
        for case in fixture::cases(&fixture) {
            let [iterations, memory_kib, parallelism] =
                ["iterations", "memory_kib", "parallelism"].map(|name| u32::try_from(number(case, name)).unwrap());
            let secret = SecretText::new(text(case, "text").to_owned());
            let hash = hash(&secret, &bytes(case, "salt"), Cost { iterations, memory_kib, parallelism }).unwrap();
            assert!(hash.expose() == bytes(case, "hash"), "{case}");
        }
    }

    #[test]
    fn salts_are_new() {
        assert_ne!(new_salt(), new_salt());
    }
}

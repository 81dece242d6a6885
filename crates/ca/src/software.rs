//! A key store for tests: one software key.

use km_crypto::SoftwareKey;
use km_domain::{KeyAlgorithm, KeyVersionRef, SignatureAlgorithm};
use km_keystore::{KeyStoreError, Residence, Sign, StoredKey};

pub struct SoftwareStore(pub SoftwareKey);

impl SoftwareStore {
    pub fn p256() -> (Self, StoredKey) {
        let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
        let stored = StoredKey {
            name: KeyVersionRef::parse("root.1").unwrap(),
            algorithm: KeyAlgorithm::P256,
            residence: Residence::Resident { object: vec![1] },
            public: Some(key.public().clone()),
        };
        (Self(key), stored)
    }
}

impl Sign for SoftwareStore {
    fn sign(&self, _: &StoredKey, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.0.sign(algorithm, message).map_err(|_| KeyStoreError::Refused)
    }
}

/// A store whose token is gone.
pub struct DeadStore;

impl Sign for DeadStore {
    fn sign(&self, _: &StoredKey, _: SignatureAlgorithm, _: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        Err(KeyStoreError::Unavailable("gone".to_owned()))
    }
}

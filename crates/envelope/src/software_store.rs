//! A key store for the tests of this crate: software keys, and RSA by schoolbook arithmetic, so that no library stands
//! between the tests and the padding that the product takes off itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use km_crypto::{PublicKey, SoftwareKey, oaep};
use km_domain::{KeyAlgorithm, KeyVersionRef, SecretBytes, SignatureAlgorithm};
use km_formats::base64url;
use km_keystore::{Agree, Decrypt, KeyStoreError, Residence, Sign, StoredKey};
use serde_json::Value;

/// One key, and how often it was asked.
pub struct SoftwareStore {
    material: Material,
    pub calls: AtomicUsize,
    /// What every call answers, if anything.
    broken: Option<KeyStoreError>,
}

enum Material {
    Software(SoftwareKey),
    Rsa { n: Vec<u8>, e: Vec<u8>, d: Vec<u8> },
}

impl SoftwareStore {
    pub fn generate(algorithm: KeyAlgorithm) -> Self {
        Self::holding(Material::Software(SoftwareKey::generate(algorithm).unwrap()))
    }

    /// The key of a private JWK.
    pub fn of_jwk(jwk: &Value) -> Self {
        let member = |name: &str| base64url::decode_strict(jwk[name].as_str().unwrap()).unwrap();
        if jwk["kty"] == "RSA" {
            return Self::holding(Material::Rsa { n: member("n"), e: member("e"), d: member("d") });
        }
        // PKCS#8 around the shortest ECPrivateKey (RFC 5915), for P-256.
        let mut pkcs8 = vec![0x30, 0x41, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8];
        pkcs8.extend([0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20]);
        pkcs8.extend(member("d"));
        Self::holding(Material::Software(SoftwareKey::from_pkcs8(&pkcs8).unwrap()))
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
            Material::Rsa { n, e, .. } => PublicKey::Rsa { modulus: n.clone(), exponent: e.clone() },
        }
    }

    pub fn stored(&self) -> StoredKey {
        StoredKey {
            name: KeyVersionRef { key: "test".parse().unwrap(), version: 1 },
            algorithm: match &self.material {
                Material::Software(key) => key.algorithm(),
                Material::Rsa { n, .. } if n.len() == 256 => KeyAlgorithm::Rsa2048,
                Material::Rsa { .. } => KeyAlgorithm::Rsa4096,
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
        let Material::Software(key) = &self.material else { return Err(KeyStoreError::Refused) };
        key.sign(algorithm, message).map_err(|_| KeyStoreError::Refused)
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

/// `base ^ exponent mod modulus`, big-endian, as long as the modulus.
fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let limbs = modulus.len() / 8;
    let read = |bytes: &[u8]| -> Vec<u64> {
        let mut padded = vec![0; modulus.len() - bytes.len()];
        padded.extend(bytes);
        padded.rchunks(8).map(|chunk| u64::from_be_bytes(chunk.try_into().unwrap())).collect()
    };
    let (n, mut base) = (read(modulus), read(base));
    reduce(&mut base, &n, false);
    let mut result = vec![0; limbs];
    result[0] = 1;
    for bit in exponent.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)) {
        result = product(&result, &result, &n);
        if bit == 1 {
            result = product(&result, &base, &n);
        }
    }
    result.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
}

/// By doubling and adding, the limbs least significant first.
fn product(left: &[u64], right: &[u64], n: &[u64]) -> Vec<u64> {
    let mut sum = vec![0; n.len()];
    for bit in right.iter().rev().flat_map(|limb| (0..64).rev().map(move |bit| limb >> bit & 1)) {
        let doubled = sum.clone();
        add(&mut sum, &doubled, n);
        if bit == 1 {
            add(&mut sum, left, n);
        }
    }
    sum
}

fn add(sum: &mut [u64], other: &[u64], n: &[u64]) {
    let mut carry = false;
    for (limb, more) in sum.iter_mut().zip(other) {
        let (first, one) = limb.overflowing_add(*more);
        let (second, two) = first.overflowing_add(u64::from(carry));
        (*limb, carry) = (second, one | two);
    }
    reduce(sum, n, carry);
}

/// Takes the modulus off once, if the number, with its carry, is not below it.
fn reduce(number: &mut [u64], n: &[u64], carry: bool) {
    if carry || number.iter().rev().ge(n.iter().rev()) {
        let mut borrow = false;
        for (limb, less) in number.iter_mut().zip(n) {
            let (first, one) = limb.overflowing_sub(*less);
            let (second, two) = first.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (second, one | two);
        }
    }
}

//! The seam for long-lived keys. Two real things stand behind it: a PKCS#11 token (crate `hsm`) and the key file with
//! which a client signs requests and opens answers (crate `client`).

mod contract;
mod stored;

pub use contract::contract;
pub use stored::{Generated, Placement, Residence, StoredKey, WrappedDataKey};

use km_crypto::transport::{Form, Sealed};
use km_domain::{KeyAlgorithm, SecretBytes, SignatureAlgorithm};

/// Why a key store did not do what was asked, by what the caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// The token cannot be used now; try again later.
    #[error("the token is not available: {0}")]
    Unavailable(String),
    /// The input was refused: a bad tag, bad padding, a point off the curve, a corrupt blob. Says nothing about which.
    #[error("the input was refused")]
    Refused,
    /// This token cannot do this; the text names the capability.
    #[error("this token cannot do {0}")]
    Unsupported(String),
    /// The key is not in the store: destroyed, or never there.
    #[error("the key is not in the store")]
    NotFound,
}

/// Makes signatures.
pub trait Sign: Send + Sync {
    /// Signs the whole message (the store hashes it). ECDSA signatures are r and s of fixed length, one after the other
    /// (RFC 7518, section 3.4); PS256 uses a salt of 32 bytes.
    fn sign(&self, key: &StoredKey, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, KeyStoreError>;
}

/// Opens what was encrypted to an RSA public key.
pub trait Decrypt: Send + Sync {
    /// RSAES-OAEP with SHA-256, MGF1 with SHA-256 and an empty label (RFC 8017, section 7.1.2).
    fn decrypt_oaep_sha256(&self, key: &StoredKey, ciphertext: &[u8]) -> Result<SecretBytes, KeyStoreError>;
}

/// Agrees on a shared secret.
pub trait Agree: Send + Sync {
    /// ECDH on P-256 with an uncompressed point of 65 bytes, already checked to be on the curve; returns the 32-byte x
    /// coordinate (SEC 1, section 3.3.1).
    fn agree(&self, key: &StoredKey, peer: &[u8]) -> Result<SecretBytes, KeyStoreError>;
}

/// Computes message authentication codes.
pub trait Mac: Send + Sync {
    /// HMAC-SHA-256, 32 bytes.
    fn mac(&self, key: &StoredKey, message: &[u8]) -> Result<[u8; 32], KeyStoreError>;
}

/// Encrypts and decrypts with AES-256-GCM inside the store.
pub trait Cipher: Send + Sync {
    /// Returns ciphertext and the 16-byte tag, one after the other.
    fn encrypt(&self, key: &StoredKey, iv: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, KeyStoreError>;
    /// Takes ciphertext and tag, one after the other.
    fn decrypt(&self, key: &StoredKey, iv: &[u8; 12], aad: &[u8], sealed: &[u8]) -> Result<SecretBytes, KeyStoreError>;
}

/// Wraps data keys under key-encryption keys (AES Key Wrap, RFC 3394).
pub trait Wrap: Send + Sync {
    /// A new 32-byte data key made from the store's randomness, and its wrapped form.
    fn new_data_key(&self, kek: &StoredKey) -> Result<WrappedDataKey, KeyStoreError>;
    fn unwrap_data_key(&self, kek: &StoredKey, wrapped: &[u8]) -> Result<SecretBytes, KeyStoreError>;
    /// Wraps a data key of 32 bytes that comes from elsewhere: 40 bytes.
    fn wrap_data_key(&self, kek: &StoredKey, plain: &SecretBytes) -> Result<Vec<u8>, KeyStoreError>;
    /// Moves a wrapped data key from one key-encryption key to another; its bytes stay in the store.
    fn rewrap_data_key(&self, from: &StoredKey, to: &StoredKey, wrapped: &[u8]) -> Result<Vec<u8>, KeyStoreError>;
    /// Runs a long series of short calls, with only as many series at a time as the store does best: where calls of many
    /// threads wait for each other's locks, all of them together are slower than one. See also [`in_turn`].
    fn in_turn(&self, series: &mut dyn FnMut());
}

/// The answer of a series of calls that is run in its turn ([`Wrap::in_turn`]).
pub fn in_turn<T>(store: &dyn KeyStore, series: impl FnOnce() -> T) -> Result<T, KeyStoreError> {
    let (mut series, mut answer) = (Some(series), None);
    store.in_turn(&mut || answer = series.take().map(|series| series()));
    answer.ok_or_else(|| KeyStoreError::Unavailable("a series of calls was not run".into()))
}

/// Makes and destroys keys.
pub trait Generate: Send + Sync {
    fn generate(&self, algorithm: KeyAlgorithm, placement: &Placement) -> Result<Generated, KeyStoreError>;
    /// How a key that was made elsewhere has to be sealed so that the store can unwrap it within itself.
    fn transport_form(&self) -> Result<Form, KeyStoreError>;
    /// Takes a key in that was made elsewhere: unwraps it in the store with the private half of `transport`, an RSA key, and
    /// wraps it under the root with this CKA_ID, or keeps it as an object where the store wraps no such keys. Its bytes are in
    /// the clear nowhere outside the store. Whether it is the key that it is taken for, the caller proves by using it.
    fn import(
        &self,
        algorithm: KeyAlgorithm,
        transport: &StoredKey,
        sealed: &Sealed,
        root: &[u8],
    ) -> Result<Residence, KeyStoreError>;
    /// Destroys a resident key's object, and any cached handle of a wrapped one.
    fn destroy(&self, key: &StoredKey) -> Result<(), KeyStoreError>;
    /// A random text of this many bytes from the store's generator.
    fn random(&self, length: usize) -> Result<SecretBytes, KeyStoreError>;
}

/// What the store is and whether it can be used.
pub trait Inventory: Send + Sync {
    /// Asks the store to use a known key. Ok: keys may be used now.
    fn probe(&self) -> Result<(), KeyStoreError>;
    /// Starts anew after a failed probe: everything open is closed, the store opened again, every handle found anew.
    fn recover(&self) -> Result<(), KeyStoreError>;
    /// What it is (model, serial, firmware) and what it can and cannot do, by name.
    fn describe(&self) -> StoreDescription;
}

/// What a store says of itself; shown in health and in the inventory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreDescription {
    pub model: String,
    pub serial: String,
    pub label: String,
    /// Capabilities that a key manager wants and this store has.
    pub can: Vec<String>,
    /// Capabilities that this store lacks.
    pub lacks: Vec<String>,
}

/// All that the key manager asks of its token.
pub trait KeyStore: Sign + Decrypt + Agree + Mac + Cipher + Wrap + Generate + Inventory {}

impl<T: Sign + Decrypt + Agree + Mac + Cipher + Wrap + Generate + Inventory> KeyStore for T {}

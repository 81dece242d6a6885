//! The key of a reader or sender: one P-256 key that signs requests and receives answers, in a PEM file of mode 0600.

use std::{
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use km_crypto::{PublicKey, SoftwareKey};
use km_domain::{KeyAlgorithm, KeyVersionRef, SecretBytes, SignatureAlgorithm};
use km_keystore::{Agree, Decrypt, KeyStoreError, Residence, Sign, StoredKey};
use zeroize::Zeroizing;

use crate::{ClientError, endpoints::read_text};

/// Such a key, in memory.
pub struct KeyFile {
    key: SoftwareKey,
    stored: StoredKey,
    kid: String,
}

impl KeyFile {
    /// Reads the file. Refused: a file that others may read, anything but one P-256 key in PKCS#8 PEM.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let wrong = |why: &str| ClientError::Setup(format!("key file {}: {why}", path.display()));
        let mode = std::fs::metadata(path).map_err(|error| wrong(&error.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(wrong("others may read it; its mode must be 0600"));
        }
        let text = Zeroizing::new(read_text(path)?);
        let key = SoftwareKey::from_pem(&text).map_err(|_| wrong("is not one P-256 key in PKCS#8 PEM"))?;
        Self::from_key(key).ok_or_else(|| wrong("is not a P-256 key"))
    }

    /// Makes a key and its file; an existing file is read and never overwritten.
    pub fn read_or_create(path: &Path) -> Result<Self, ClientError> {
        if path.exists() {
            return Self::read(path);
        }
        let wrong = |why: String| ClientError::Setup(format!("key file {}: {why}", path.display()));
        let key = SoftwareKey::generate(KeyAlgorithm::P256).map_err(|_| wrong("cannot be made".into()))?;
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| wrong(error.to_string()))?;
        file.write_all(key.to_pem().expose().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|error| wrong(error.to_string()))?;
        Self::from_key(key).ok_or_else(|| wrong("is not a P-256 key".into()))
    }

    /// A key that lives in memory only.
    pub fn generate() -> Option<Self> {
        SoftwareKey::generate(KeyAlgorithm::P256).ok().and_then(Self::from_key)
    }

    fn from_key(key: SoftwareKey) -> Option<Self> {
        let public = key.public().clone();
        if !matches!(public, PublicKey::P256(_)) {
            return None;
        }
        let kid = crate::jose::thumbprint(&public)?;
        let stored = StoredKey {
            name: KeyVersionRef { key: "key-file".parse().ok()?, version: 1 },
            algorithm: KeyAlgorithm::P256,
            residence: Residence::Resident { object: Vec::new() },
            public: Some(public),
        };
        Some(Self { key, stored, kid })
    }

    /// The RFC 7638 thumbprint: the key's name everywhere.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub fn public(&self) -> &PublicKey {
        self.key.public()
    }

    /// The key as the traits of `keystore` want it named.
    pub fn stored(&self) -> &StoredKey {
        &self.stored
    }
}

impl Sign for KeyFile {
    fn sign(&self, _: &StoredKey, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.key.sign(algorithm, message).map_err(|_| KeyStoreError::Unsupported(algorithm.name().to_owned()))
    }
}

impl Agree for KeyFile {
    fn agree(&self, _: &StoredKey, peer: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        self.key.agree(peer).map_err(|_| KeyStoreError::Refused)
    }
}

impl Decrypt for KeyFile {
    fn decrypt_oaep_sha256(&self, _: &StoredKey, _: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        Err(KeyStoreError::Unsupported("RSA-OAEP: the key of a reader is a P-256 key".to_owned()))
    }
}

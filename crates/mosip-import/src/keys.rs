//! The source's keys, one after the other: those of its key store, and those that its database holds wrapped under them.

use km_crypto::PublicKey;
use km_domain::{KeyAlgorithm, KeyVersionRef, SecretBytes};
use km_envelope::mosip::private_key;
use km_formats::mosip::private_key::PrivateKeyColumn;
use km_keystore::{Decrypt, Residence, StoredKey};
use km_x509::Certificate;

use crate::{
    arguments::Arguments,
    failure::Failure,
    pkcs11::KeyToken,
    pkcs12::KeyFile,
    source::{Source, StoreRow},
};

/// What stands under an alias, in the clear.
#[derive(Clone)]
pub enum Entry {
    /// PKCS#8.
    Private(SecretBytes),
    /// The bytes of a symmetric key.
    Secret(SecretBytes),
}

impl Entry {
    pub fn bytes(&self) -> &SecretBytes {
        match self {
            Self::Private(bytes) | Self::Secret(bytes) => bytes,
        }
    }
}

/// The source's key store.
pub enum KeyStore {
    File(KeyFile),
    Token(KeyToken),
}

impl KeyStore {
    /// Opens the one that the arguments name.
    pub fn open(arguments: &Arguments) -> Result<Self, Failure> {
        let Arguments { pkcs12, pkcs12_password_file, pkcs11_module, pkcs11_token, pkcs11_pin_file, .. } = arguments;
        match (pkcs12, pkcs12_password_file, pkcs11_module, pkcs11_token, pkcs11_pin_file) {
            (Some(file), Some(password), None, None, None) => KeyFile::open(file, password).map(Self::File),
            (None, None, Some(module), Some(token), Some(pin)) => KeyToken::open(module, token, pin).map(Self::Token),
            _ => Err(Failure::Usage(
                "name one key store: --pkcs12 or --pkcs11-module, with what belongs to it".to_owned(),
            )),
        }
    }

    pub fn aliases(&self) -> Vec<&str> {
        match self {
            Self::File(file) => file.aliases().collect(),
            Self::Token(token) => token.aliases().collect(),
        }
    }

    /// The certificate of a private key.
    pub fn certificate(&self, alias: &str, pkcs8: &SecretBytes) -> Option<&Certificate> {
        match self {
            Self::File(file) => file.certificate(alias, pkcs8),
            Self::Token(token) => token.certificate(alias),
        }
    }

    fn entry(&self, alias: &str) -> Result<Option<Entry>, String> {
        match self {
            Self::File(file) => Ok(file.entry(alias).cloned()),
            Self::Token(token) => token.entry(alias),
        }
    }

    fn unwrapped(&self, stored: &StoreRow, bytes: &[u8]) -> Result<SecretBytes, String> {
        let missing = || format!("the key store has no master key {} of kind RSA, which wraps it", stored.master);
        match self {
            Self::File(file) => {
                let master = file.master(&stored.master).ok_or_else(missing)?;
                opened(bytes, master.public(), &master, stored)
            }
            Self::Token(token) => {
                let master = token.master(&stored.master).ok_or_else(missing)?;
                opened(bytes, &master.public, &master, stored)
            }
        }
    }
}

fn opened(bytes: &[u8], public: &PublicKey, master: &dyn Decrypt, stored: &StoreRow) -> Result<SecretBytes, String> {
    let key = "source".parse().map_err(|_| "no such key".to_owned())?;
    let of_source = StoredKey {
        name: KeyVersionRef { key, version: 1 },
        algorithm: KeyAlgorithm::Rsa2048,
        residence: Residence::Resident { object: Vec::new() },
        public: Some(public.clone()),
    };
    private_key::open(bytes, &of_source, master).map_err(|_| {
        format!("it does not open with master key {}: the row was altered, or is another's", stored.master)
    })
}

/// The source's keys.
pub struct Keys<'a> {
    pub source: &'a Source,
    pub store: &'a KeyStore,
}

impl Keys<'_> {
    /// The key of an alias in the clear. None: another party's certificate.
    ///
    /// Errors: why it cannot be had.
    pub fn open(&self, id: &str) -> Result<Option<Entry>, String> {
        let Some(stored) = self.source.stored.get(id) else {
            let missing = || "the key store has no key under this alias".to_owned();
            return self.store.entry(id)?.ok_or_else(missing).map(Some);
        };
        match PrivateKeyColumn::parse(stored.private.expose()) {
            Ok(PrivateKeyColumn::Foreign) => Ok(None),
            Ok(PrivateKeyColumn::Sealed(bytes)) => {
                self.store.unwrapped(stored, &bytes).map(|key| Some(Entry::Private(key)))
            }
            Err(_) => Err("its column private_key is not base64".to_owned()),
        }
    }
}

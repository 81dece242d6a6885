//! The source's key store: a PKCS#12 file of Java's making, old (PBE with SHA-1 and 3DES or RC2) or new (PBES2 with AES-256).

use std::{collections::BTreeMap, path::Path};

use km_crypto::{
    PublicKey,
    rsa_private::{RsaPrivateKey, public_of_pkcs8},
};
use km_domain::{SecretBytes, SecretText};
use km_keystore::{Decrypt, KeyStoreError, StoredKey};
use km_x509::Certificate;
use p12_keystore::Pkcs12Archive;

use crate::{failure::Failure, keys::Entry};

/// The file, opened.
pub struct KeyFile {
    entries: BTreeMap<String, Entry>,
    certificates: Vec<(Option<String>, Certificate)>,
}

impl KeyFile {
    /// Opens the file with the password in the other file, a line end behind it ignored.
    pub fn open(path: &Path, password_file: &Path) -> Result<Self, Failure> {
        let unreadable =
            |path: &Path, error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", path.display()));
        let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
        let password = std::fs::read_to_string(password_file).map_err(|error| unreadable(password_file, &error))?;
        let password = SecretText::new(password);
        let wrong = |error| Failure::Usage(format!("{}: does not open with this password: {error}", path.display()));
        let archive =
            Pkcs12Archive::from_pkcs12(&bytes, password.expose().trim_end_matches(['\r', '\n'])).map_err(wrong)?;
        let mut entries = BTreeMap::new();
        for bag in archive.keys {
            let alias = alias(bag.friendly_name);
            entries.insert(alias, Entry::Private(SecretBytes::new(bag.key.as_der().to_vec())));
        }
        for bag in archive.secrets {
            let alias = alias(bag.friendly_name);
            entries.insert(alias, Entry::Secret(SecretBytes::new(bag.key.key().to_vec())));
        }
        let read = |der: &[u8]| Certificate::from_der(der).ok();
        let certificates = archive.certs.into_iter().filter_map(|bag| {
            let certificate = read(bag.cert.as_der())?;
            Some((bag.friendly_name.map(|name| name.to_lowercase()), certificate))
        });
        Ok(Self { entries, certificates: certificates.collect() })
    }

    /// Java keeps aliases in small letters.
    pub fn entry(&self, alias: &str) -> Option<&Entry> {
        self.entries.get(&alias.to_lowercase())
    }

    /// The master key of an alias. None: there is none, or it is no RSA key.
    pub fn master(&self, alias: &str) -> Option<MasterKey> {
        let Some(Entry::Private(pkcs8)) = self.entry(alias) else { return None };
        RsaPrivateKey::from_pkcs8(pkcs8.expose()).ok().map(MasterKey)
    }

    pub fn aliases(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The certificate of a private key: of those for this very key the one under the alias, else the first.
    pub fn certificate(&self, alias: &str, pkcs8: &SecretBytes) -> Option<&Certificate> {
        let public = public_of_pkcs8(pkcs8.expose()).ok()?.to_spki_der();
        let own = || self.certificates.iter().filter(|(_, certificate)| certificate.spki == public);
        let named = own().find(|(name, _)| name.as_deref() == Some(&*alias.to_lowercase()));
        named.or_else(|| own().next()).map(|(_, certificate)| certificate)
    }
}

fn alias(friendly_name: Option<String>) -> String {
    friendly_name.unwrap_or_default().to_lowercase()
}

/// A master key of the file, which opens the base keys below it.
pub struct MasterKey(RsaPrivateKey);

impl MasterKey {
    pub fn public(&self) -> &PublicKey {
        self.0.public()
    }
}

impl Decrypt for MasterKey {
    fn decrypt_oaep_sha256(&self, _: &StoredKey, ciphertext: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        self.0.open_oaep_sha256(ciphertext).map_err(|_| KeyStoreError::Refused)
    }
}

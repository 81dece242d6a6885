//! The source's key store behind PKCS#11, as Java's provider keeps it there: the label of a certificate is the alias, and its identifier
//! that of its private key; the label of a secret key is the alias. The session may read only, and so makes nothing that stays.

use std::{collections::BTreeMap, path::Path};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::{
        Mechanism, MechanismType,
        rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource},
    },
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use km_crypto::{
    PublicKey, oaep,
    transport::{Carrier, Sealing},
};
use km_domain::{SecretBytes, SecretText};
use km_keystore::{Decrypt, KeyStoreError, StoredKey};
use km_x509::Certificate;
use parking_lot::Mutex;

use crate::{failure::Failure, keys::Entry};

/// The token, logged in.
pub struct KeyToken {
    session: Mutex<Session>,
    private: BTreeMap<String, Held>,
    secret: BTreeMap<String, ObjectHandle>,
}

struct Held {
    handle: ObjectHandle,
    certificate: Option<Certificate>,
}

impl KeyToken {
    /// Loads the module and logs in to the token of that label with the PIN in the file, a line end behind it ignored.
    pub fn open(module: &Path, label: &str, pin_file: &Path) -> Result<Self, Failure> {
        let of_module = |error: Error| Failure::Usage(format!("{}: {error}", module.display()));
        let pin = std::fs::read_to_string(pin_file)
            .map(SecretText::new)
            .map_err(|error| Failure::Usage(format!("{}: {error}", pin_file.display())))?;
        let pkcs11 = Pkcs11::new(module).map_err(of_module)?;
        pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(of_module)?;
        let missing = || Failure::Usage(format!("{}: has no token with the label {label}", module.display()));
        let slot = slot(&pkcs11, label).map_err(of_module)?.ok_or_else(missing)?;
        let session = pkcs11.open_ro_session(slot).map_err(of_module)?;
        let pin = AuthPin::from(pin.expose().trim_end_matches(['\r', '\n']));
        session.login(UserType::User, Some(&pin)).map_err(|error| {
            Failure::Usage(format!("{}: does not open the token with the label {label}: {error}", pin_file.display()))
        })?;
        let private = private(&session).map_err(of_module)?;
        let secret = secret(&session).map_err(of_module)?;
        Ok(Self { session: Mutex::new(session), private, secret })
    }

    /// A key of the token in the clear, if it gives that out. None: it has none under this alias.
    pub fn entry(&self, alias: &str) -> Result<Option<Entry>, String> {
        let alias = alias.to_lowercase();
        if let Some(held) = self.private.get(&alias) {
            return self.given_out(held.handle).map(|key| Some(Entry::Private(key)));
        }
        let secret = self.secret.get(&alias).map(|handle| self.given_out(*handle));
        secret.transpose().map(|key| key.map(Entry::Secret))
    }

    pub fn certificate(&self, alias: &str) -> Option<&Certificate> {
        self.private.get(&alias.to_lowercase()).and_then(|held| held.certificate.as_ref())
    }

    pub fn aliases(&self) -> impl Iterator<Item = &str> {
        self.private.keys().chain(self.secret.keys()).map(String::as_str)
    }

    /// A master key, which opens the base keys below it within the token. None: no such key, or none with an RSA certificate.
    pub fn master(&self, alias: &str) -> Option<TokenMaster<'_>> {
        let held = self.private.get(&alias.to_lowercase())?;
        let public = held.certificate.as_ref().map(|certificate| certificate.public_key.clone())?;
        let PublicKey::Rsa { modulus, .. } = &public else { return None };
        let length = modulus.len();
        Some(TokenMaster { session: &self.session, handle: held.handle, length, public })
    }

    /// Wraps the key with an AES key of ours and unwraps it here.
    fn given_out(&self, key: ObjectHandle) -> Result<SecretBytes, String> {
        let session = self.session.lock();
        let said = session.get_attributes(key, &[AttributeType::Extractable]);
        if !matches!(said.as_deref(), Ok([Attribute::Extractable(true)])) {
            return Err(
                "its token does not give it out (CKA_EXTRACTABLE is false); base keys below it are moved all the \
                        same, and of this one a successor has to be made here"
                    .to_owned(),
            );
        }
        let refused = |error: Error| format!("its token does not wrap it (CKM_AES_KEY_WRAP_PAD): {error}");
        let carrier = Carrier::generate();
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Token(false),
            Attribute::Wrap(true),
            Attribute::Value(carrier.expose().to_vec()),
        ];
        let wrapping = session.create_object(&template).map_err(refused)?;
        let wrapped = session.wrap_key(&Mechanism::AesKeyWrapPad, wrapping, key);
        // If it cannot be destroyed, it goes with the session.
        let _ = session.destroy_object(wrapping);
        let opened = carrier.unwrap(Sealing::KeyWrapPad, &wrapped.map_err(refused)?);
        opened.map_err(|_| "its token wraps it in a way that is not known here".to_owned())
    }
}

fn slot(pkcs11: &Pkcs11, label: &str) -> Result<Option<Slot>, Error> {
    for slot in pkcs11.get_slots_with_initialized_token()? {
        if pkcs11.get_token_info(slot)?.label() == label {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// Private keys by alias: by the label of the certificate that has their identifier, else by their own.
fn private(session: &Session) -> Result<BTreeMap<String, Held>, Error> {
    let mut certificates = Vec::new();
    for handle in session.find_objects(&[Attribute::Token(true), Attribute::Class(ObjectClass::CERTIFICATE)])? {
        let value = session.get_attributes(handle, &[AttributeType::Value])?;
        let named = named(session, handle)?;
        if let [Attribute::Value(der)] = value.as_slice() {
            certificates.push((named, Certificate::from_der(der).ok()));
        }
    }
    let mut found = BTreeMap::new();
    for handle in session.find_objects(&[Attribute::Token(true), Attribute::Class(ObjectClass::PRIVATE_KEY)])? {
        let own = named(session, handle)?;
        let beside = certificates.iter().find(|(certificate, _)| certificate.id == own.id);
        let alias = beside.map_or_else(|| own.label.clone(), |(certificate, _)| certificate.label.clone());
        let certificate = beside.and_then(|(_, certificate)| certificate.clone());
        found.insert(alias, Held { handle, certificate });
    }
    Ok(found)
}

fn secret(session: &Session) -> Result<BTreeMap<String, ObjectHandle>, Error> {
    let mut found = BTreeMap::new();
    for handle in session.find_objects(&[Attribute::Token(true), Attribute::Class(ObjectClass::SECRET_KEY)])? {
        found.insert(named(session, handle)?.label, handle);
    }
    Ok(found)
}

struct Named {
    /// In small letters.
    label: String,
    id: Vec<u8>,
}

fn named(session: &Session, handle: ObjectHandle) -> Result<Named, Error> {
    let mut named = Named { label: String::new(), id: Vec::new() };
    for attribute in session.get_attributes(handle, &[AttributeType::Label, AttributeType::Id])? {
        match attribute {
            Attribute::Label(label) => named.label = String::from_utf8_lossy(&label).to_lowercase(),
            Attribute::Id(id) => named.id = id,
            _ => {}
        }
    }
    Ok(named)
}

/// An RSA key in the token.
pub struct TokenMaster<'a> {
    session: &'a Mutex<Session>,
    handle: ObjectHandle,
    /// Of the modulus, in bytes.
    length: usize,
    pub public: PublicKey,
}

impl Decrypt for TokenMaster<'_> {
    /// As MOSIP does it: the padding is taken off here. Where the token decrypts no block without its padding, it takes it off itself.
    fn decrypt_oaep_sha256(&self, _: &StoredKey, ciphertext: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        let session = self.session.lock();
        let raw = session.decrypt(&Mechanism::RsaX509, self.handle, ciphertext).map(SecretBytes::new);
        match raw {
            Ok(block) => {
                // Some tokens leave zeros in front away.
                let zeros = self.length.checked_sub(block.expose().len()).ok_or(KeyStoreError::Refused)?;
                let block = SecretBytes::new([&vec![0; zeros][..], block.expose()].concat());
                oaep::unpad_sha256(block.expose()).map_err(|_| KeyStoreError::Refused)
            }
            Err(Error::Pkcs11(RvError::MechanismInvalid | RvError::MechanismParamInvalid, _)) => {
                let source = PkcsOaepSource::empty();
                let padded = PkcsOaepParams::new(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, source);
                let opened = session.decrypt(&Mechanism::RsaPkcsOaep(padded), self.handle, ciphertext);
                opened.map(SecretBytes::new).map_err(|_| KeyStoreError::Refused)
            }
            Err(_) => Err(KeyStoreError::Refused),
        }
    }
}

//! Data keys under key-encryption keys: AES Key Wrap (RFC 3394), 40 bytes for a key of 32.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;
use km_domain::SecretBytes;
use km_keystore::{KeyStoreError, StoredKey, Wrap, WrappedDataKey};
use zeroize::Zeroize;

use crate::capability::Capability;
use crate::handles::Use;
use crate::live::Target;
use crate::run::Blame;
use crate::templates::data_key;
use crate::token::Token;
use crate::wrapping::{Passing, Wrapping};

const WRAPPED: usize = 40;
const PLAIN: usize = 32;

impl Wrap for Token {
    fn new_data_key(&self, kek: &StoredKey) -> Result<WrappedDataKey, KeyStoreError> {
        self.require(Capability::AesKeyWrap)?;
        self.made_object();
        self.run(Target::Key(kek, Use::Wrap), Blame::Token, |session, handle| {
            // Class and kind follow from the mechanism, and some tokens refuse to be told.
            let mut template = data_key(true);
            template.retain(|attribute| !matches!(attribute, Attribute::Class(_) | Attribute::KeyType(_)));
            template.push(Attribute::ValueLen(32.into()));
            let key = Passing::new(session, session.generate_key(&Mechanism::AesKeyGen, &template)?);
            let plain = self.0.raw.read_32_bytes(session, key.handle)?;
            let wrapped = self.0.raw.wrap_32_bytes(session, handle, key.handle)?;
            Ok(WrappedDataKey { plain, wrapped })
        })
    }

    fn in_turn(&self, series: &mut dyn FnMut()) {
        let _turn = self.0.turns.take();
        series();
    }

    fn unwrap_data_key(&self, kek: &StoredKey, wrapped: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        self.require(Capability::AesKeyWrap)?;
        if wrapped.len() != WRAPPED {
            return Err(KeyStoreError::Refused);
        }
        self.made_object();
        self.run(Target::Key(kek, Use::Wrap), Blame::Input, |session, handle| {
            let key = Wrapping::KeyWrap.unwrap(session, handle, wrapped, &data_key(true))?;
            self.0.raw.read_32_bytes(session, Passing::new(session, key).handle)
        })
    }

    fn wrap_data_key(&self, kek: &StoredKey, plain: &SecretBytes) -> Result<Vec<u8>, KeyStoreError> {
        self.require(Capability::AesKeyWrap)?;
        if plain.len() != PLAIN {
            return Err(KeyStoreError::Refused);
        }
        self.made_object();
        self.run(Target::Key(kek, Use::Wrap), Blame::Token, |session, handle| {
            let mut template = data_key(false);
            template.push(Attribute::Value(plain.expose().to_vec()));
            let made = session.create_object(&template);
            if let Some(Attribute::Value(value)) = template.last_mut() {
                value.zeroize();
            }
            self.0.raw.wrap_32_bytes(session, handle, Passing::new(session, made?).handle)
        })
    }

    fn rewrap_data_key(&self, from: &StoredKey, to: &StoredKey, wrapped: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.require(Capability::AesKeyWrap)?;
        if wrapped.len() != WRAPPED {
            return Err(KeyStoreError::Refused);
        }
        self.made_object();
        let targets = (Target::Key(from, Use::Wrap), Target::Key(to, Use::Wrap));
        self.run(targets, Blame::Input, |session, (from, to)| {
            let key = Wrapping::KeyWrap.unwrap(session, from, wrapped, &data_key(false))?;
            self.0.raw.wrap_32_bytes(session, to, Passing::new(session, key).handle)
        })
    }
}

//! AES-256-GCM and HMAC-SHA-256 in the token.

use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use km_domain::SecretBytes;
use km_keystore::{Cipher, KeyStoreError, Mac, StoredKey};

use crate::capability::Capability;
use crate::handles::Use;
use crate::live::Target;
use crate::run::Blame;
use crate::token::Token;

const TAG: usize = 16;

impl Cipher for Token {
    fn encrypt(&self, key: &StoredKey, iv: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.require(Capability::AesGcm)?;
        self.run(Target::Key(key, Use::Cipher), Blame::Token, |session, handle| {
            // PKCS#11 lets a token write the IV, so each call has its own copy.
            let mut iv = *iv;
            let mechanism = Mechanism::AesGcm(GcmParams::new(&mut iv, aad, 128.into())?);
            session.encrypt(&mechanism, handle, plaintext)
        })
    }

    fn decrypt(&self, key: &StoredKey, iv: &[u8; 12], aad: &[u8], sealed: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        self.require(Capability::AesGcm)?;
        if sealed.len() < TAG {
            return Err(KeyStoreError::Refused);
        }
        self.run(Target::Key(key, Use::Cipher), Blame::Input, |session, handle| {
            let mut iv = *iv;
            let mechanism = Mechanism::AesGcm(GcmParams::new(&mut iv, aad, 128.into())?);
            session.decrypt(&mechanism, handle, sealed).map(SecretBytes::new)
        })
    }
}

impl Mac for Token {
    fn mac(&self, key: &StoredKey, message: &[u8]) -> Result<[u8; 32], KeyStoreError> {
        self.require(Capability::HmacSha256)?;
        let code = self.run(Target::Key(key, Use::Mac), Blame::Token, |session, handle| {
            session.sign(&Mechanism::Sha256Hmac, handle, message)
        })?;
        <[u8; 32]>::try_from(code).map_err(|_| KeyStoreError::Unavailable("a code of another length".into()))
    }
}

//! RSA-OAEP with SHA-256: by the token where it can, else raw RSA in the token and constant-time unpadding here.

use cryptoki::mechanism::Mechanism;
use km_crypto::{PublicKey, oaep};
use km_domain::SecretBytes;
use km_keystore::{Decrypt, KeyStoreError, StoredKey};

use crate::capabilities::oaep_sha256;
use crate::capability::Capability;
use crate::handles::Use;
use crate::live::Target;
use crate::run::Blame;
use crate::token::Token;

impl Decrypt for Token {
    fn decrypt_oaep_sha256(&self, key: &StoredKey, ciphertext: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        let Some(PublicKey::Rsa { modulus, .. }) = &key.public else {
            return Err(KeyStoreError::Unsupported(format!("OAEP with a key of kind {}", key.algorithm)));
        };
        self.require(Capability::RsaOaepSha256)?;
        // Not a residue of this modulus (RFC 8017, section 5.1.2). Where it is one, RSA without padding has an answer to it.
        if ciphertext.len() != modulus.len() || ciphertext >= modulus.as_slice() {
            return Err(KeyStoreError::Refused);
        }
        if self.live()?.get()?.capabilities.has(Capability::RsaOaepSha256Native) {
            match self.native(key, ciphertext) {
                Err(KeyStoreError::Unsupported(_)) => self.live()?.get()?.capabilities.without_oaep_sha256(),
                answer => return answer,
            }
            self.require(Capability::RsaOaepSha256)?;
        }
        self.raw(key, ciphertext, modulus.len())
    }
}

impl Token {
    fn native(&self, key: &StoredKey, ciphertext: &[u8]) -> Result<SecretBytes, KeyStoreError> {
        self.run(Target::Key(key, Use::Decrypt), Blame::Input, |session, handle| {
            session.decrypt(&oaep_sha256(), handle, ciphertext).map(SecretBytes::new)
        })
    }

    fn raw(&self, key: &StoredKey, ciphertext: &[u8], length: usize) -> Result<SecretBytes, KeyStoreError> {
        let block = self.run(Target::Key(key, Use::Decrypt), Blame::Token, |session, handle| {
            session.decrypt(&Mechanism::RsaX509, handle, ciphertext).map(SecretBytes::new)
        })?;
        // The block is as long as the modulus (PKCS#11 2.40, section 2.1.6: CKM_RSA_X_509). One that is not has no padding.
        if block.len() != length {
            return Err(KeyStoreError::Refused);
        }
        oaep::unpad_sha256(block.expose()).map_err(|_| KeyStoreError::Refused)
    }
}

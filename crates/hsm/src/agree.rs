//! Key agreement.

use cryptoki::error::Result;
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use km_crypto::agreement::EphemeralKey;
use km_domain::{KeyAlgorithm, SecretBytes};
use km_keystore::{Agree, KeyStoreError, StoredKey};

use crate::capability::Capability;
use crate::handles::Use;
use crate::live::Target;
use crate::raw::RawModule;
use crate::run::Blame;
use crate::templates::shared_secret;
use crate::token::Token;
use crate::wrapping::Passing;

impl Agree for Token {
    fn agree(&self, key: &StoredKey, peer: &[u8]) -> std::result::Result<SecretBytes, KeyStoreError> {
        if key.algorithm != KeyAlgorithm::P256 {
            return Err(KeyStoreError::Unsupported(format!("key agreement with a key of kind {}", key.algorithm)));
        }
        self.require(Capability::EcdhP256)?;
        self.made_object();
        let agreed = self.run(Target::Key(key, Use::Agree), Blame::Token, |session, handle| {
            in_token(session, &self.0.raw, handle, peer)
        });
        agreed.map_err(|error| match error {
            KeyStoreError::Unavailable(_) if !is_point(peer) => KeyStoreError::Refused,
            other => other,
        })
    }
}

/// Tokens have many codes for a point that is not on the curve.
fn is_point(peer: &[u8]) -> bool {
    EphemeralKey::generate().is_ok_and(|key| key.agree(peer).is_ok())
}

/// Derives the shared x coordinate as a readable object, reads it and destroys the object.
pub(crate) fn in_token(session: &Session, raw: &RawModule, handle: ObjectHandle, peer: &[u8]) -> Result<SecretBytes> {
    let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), peer));
    let secret = Passing::new(session, session.derive_key(&mechanism, handle, &shared_secret())?);
    raw.read_32_bytes(session, secret.handle)
}

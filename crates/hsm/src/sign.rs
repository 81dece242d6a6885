//! Signatures.

use cryptoki::error::Result;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use km_crypto::digest;
use km_domain::{KeyAlgorithm, SignatureAlgorithm};
use km_keystore::{KeyStoreError, Sign, StoredKey};

use crate::capability::Capability;
use crate::handles::Use;
use crate::live::Target;
use crate::run::Blame;
use crate::token::Token;

impl Sign for Token {
    fn sign(
        &self,
        key: &StoredKey,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> std::result::Result<Vec<u8>, KeyStoreError> {
        if !key.algorithm.signatures().contains(&algorithm) {
            return Err(KeyStoreError::Unsupported(format!("{algorithm} with a key of kind {}", key.algorithm)));
        }
        self.require(Capability::to_sign(algorithm))?;
        self.run(Target::Key(key, Use::Sign), Blame::Token, |session, handle| {
            in_token(session, handle, algorithm, message)
        })
    }
}

/// Tokens that hash for ECDSA are few, so ECDSA is given a digest; RSA hashes in the token.
pub(crate) fn in_token(
    session: &Session,
    handle: ObjectHandle,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>> {
    match algorithm {
        SignatureAlgorithm::Rs256 => hash_and_sign(session, handle, &Mechanism::Sha256RsaPkcs, message),
        SignatureAlgorithm::Ps256 => {
            let hash_alg = MechanismType::SHA256;
            let parameters = PkcsPssParams { hash_alg, mgf: PkcsMgfType::MGF1_SHA256, s_len: 32.into() };
            hash_and_sign(session, handle, &Mechanism::Sha256RsaPkcsPss(parameters), message)
        }
        SignatureAlgorithm::Es256 | SignatureAlgorithm::Es256K => {
            session.sign(&Mechanism::Ecdsa, handle, &digest::sha256(message))
        }
        SignatureAlgorithm::Es384 => session.sign(&Mechanism::Ecdsa, handle, &digest::sha384(message)),
        SignatureAlgorithm::EdDsa => {
            let parameters = EddsaParams::new(EddsaSignatureScheme::Pure);
            session.sign(&Mechanism::Eddsa(parameters), handle, message)
        }
    }
}

/// Bytes of a message from which on it is handed over in pieces, because a token copies what it is given at once.
const LARGE: usize = 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// A mechanism that hashes in the token takes a message in pieces too (PKCS#11, C_SignUpdate).
fn hash_and_sign(
    session: &Session,
    handle: ObjectHandle,
    mechanism: &Mechanism<'_>,
    message: &[u8],
) -> Result<Vec<u8>> {
    if message.len() <= LARGE {
        return session.sign(mechanism, handle, message);
    }
    session.sign_init(mechanism, handle)?;
    message.chunks(PIECE).try_for_each(|piece| session.sign_update(piece))?;
    session.sign_final()
}

/// A signature algorithm for trying out a private key of this kind.
pub(crate) fn first_signature(algorithm: KeyAlgorithm) -> SignatureAlgorithm {
    algorithm.signatures().first().copied().unwrap_or(SignatureAlgorithm::Es256)
}

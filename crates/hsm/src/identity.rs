//! Whether an object is the key that it is taken for, asked before its first use: an object found by its identifier, or a
//! handle after a token came back, can be another.

use cryptoki::error::Error;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use km_crypto::PublicKey;
use km_crypto::agreement::EphemeralKey;
use km_keystore::StoredKey;

use crate::handles::Use;
use crate::raw::RawModule;
use crate::{agree, public, sign};

/// Compares the private key behind the handle with the public key that is stored for it. Secret keys have no public half:
/// the wrapping authenticates them.
pub(crate) fn is_same(
    session: &Session,
    raw: &RawModule,
    key: &StoredKey,
    usage: Use,
    handle: ObjectHandle,
) -> Result<bool, Error> {
    let Some(stored) = &key.public else { return Ok(true) };
    match (stored, usage) {
        (PublicKey::Rsa { modulus, .. }, _) => public::modulus(session, handle).map(|found| found == *modulus),
        (PublicKey::P256(point), Use::Agree) => agrees(session, raw, handle, point),
        (PublicKey::P256(_) | PublicKey::P384(_) | PublicKey::Secp256k1(_) | PublicKey::Ed25519(_), _) => {
            let algorithm = sign::first_signature(key.algorithm);
            sign::in_token(session, handle, algorithm, CHALLENGE)
                .map(|signature| stored.verify(algorithm, CHALLENGE, &signature).is_ok())
        }
    }
}

/// Never a message that anybody signs: no protocol of ours begins with a zero byte.
const CHALLENGE: &[u8] = b"\0sealkeep: is this the key that it is taken for";

fn agrees(session: &Session, raw: &RawModule, handle: ObjectHandle, point: &[u8]) -> Result<bool, Error> {
    let Ok(ephemeral) = EphemeralKey::generate() else { return Ok(false) };
    let theirs = agree::in_token(session, raw, handle, ephemeral.public())?;
    Ok(ephemeral.agree(point).is_ok_and(|ours| km_crypto::constant_time::equal(ours.expose(), theirs.expose())))
}

//! Sign as a JWS in the way and with the algorithm that the caller chooses; the payload may be signed as it is (RFC 7797).

use km_domain::{SecretBytes, SecretText};
use km_formats::mosip::jws::Payload;

use super::{
    Alias, KeyName, Parts, Signed,
    jwt_sign::{How, compact, worth_signing},
    signer::{of_today, permitted, recorded},
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// What is to be signed, and how.
pub struct ToSignJws {
    pub name: KeyName,
    pub payload: SecretBytes,
    /// The payload in base64url, letter by letter as it is signed and carried.
    pub text: SecretText,
    pub parts: Parts,
    pub only_json: bool,
    /// Whether the payload's own bytes are signed, and not the text.
    pub unencoded: bool,
    /// By its JOSE name; empty for the key's own.
    pub algorithm: String,
}

/// Signs.
///
/// Errors: as of `jwt_sign`; an algorithm that is not the key's.
pub fn jws_sign(operations: &Operations, caller: &Caller, asked: &ToSignJws) -> Operation<Signed> {
    let keys = operations.keyring.keys();
    recorded(operations, caller, &keys, sign(operations, &keys, caller, asked))
}

fn sign<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    asked: &ToSignJws,
) -> Result<(&'a Alias, Signed), OperationError> {
    // 1. May the caller, for this key, this?
    let name = permitted(operations, keys, caller, &asked.name)?;
    worth_signing(asked.payload.expose(), asked.only_json)?;
    // 2. With the key of today.
    let signer = of_today(operations, keys, caller, &name)?;
    // 3. In the token.
    let how = How { algorithm: signer.algorithm(&asked.algorithm)?, unencoded: asked.unencoded, parts: &asked.parts };
    let parts = (asked.payload.expose(), Payload::Text(asked.text.expose()));
    let jws = compact(operations, keys, caller, &signer, &how, parts)?;
    Ok((signer.alias, Signed { jws, now: signer.now }))
}

//! JWS and JWE as the client uses them: signed with its key file, sealed to the ingest key, believed only under a certified
//! answer key.

use km_crypto::PublicKey;
use km_domain::{RecordId, RegisterName, SecretBytes, SecretText};
use km_envelope::{EnvelopeError, jwe as sealed, jwk as keys, jws as signed};
use km_formats::{jwe, jwk::Jwk, jws};
use serde_json::Value;

use crate::{ClientError, IngestKey, KeyFile, ServiceKeys};

/// The fault that newer keys may cure.
pub(crate) const UNCERTIFIED: &str = "it is signed with a key that is not certified";

/// What a JWE says of itself outside.
pub(crate) struct Head {
    pub typ: &'static str,
    /// `JWT` where the content is a JWS.
    pub cty: Option<&'static str>,
    pub register: Option<RegisterName>,
    pub record: Option<RecordId>,
}

/// An answer as the key manager signed it. It holds personal values: no Debug, wiped when dropped.
pub struct SignedAnswer(SecretText);

impl SignedAnswer {
    pub(crate) fn new(jws: &str) -> Self {
        Self(SecretText::new(jws.to_owned()))
    }

    /// The compact JWS.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Signs a payload with the caller's key (ES256); `kid` is the key's thumbprint.
pub(crate) fn sign(key: &KeyFile, typ: &'static str, payload: &[u8]) -> Result<String, ClientError> {
    signed::sign(key, key.stored(), key.kid(), typ, payload).map_err(own)
}

/// Verifies what the key manager signed: the type, and the signature by the certified answer key that the header names.
pub(crate) fn verify(keys: &ServiceKeys, typ: &'static str, compact: &str) -> Result<SecretBytes, ClientError> {
    let parsed = jws::parse(compact).map_err(|_| ClientError::NotProven("it holds no JWS"))?;
    parsed.expect_typ(typ).map_err(|_| ClientError::NotProven("it is signed as something else"))?;
    let answer_key = parsed.header.kid.as_deref().and_then(|kid| keys.answer(kid));
    let answer_key = answer_key.ok_or(ClientError::NotProven(UNCERTIFIED))?;
    signed::verify(&parsed, answer_key).map_err(|_| ClientError::NotProven("its signature does not verify"))?;
    Ok(parsed.payload)
}

/// Seals to the ingest key; the content is a JWS or a search value.
pub(crate) fn seal(ingest: &IngestKey, head: Head, plaintext: &[u8]) -> Result<String, ClientError> {
    let recipient = sealed::Recipient { kid: ingest.kid.clone(), public: ingest.public.clone() };
    let labels = sealed::Labels {
        typ: Some(head.typ.to_owned()),
        cty: head.cty.map(str::to_owned),
        register: head.register,
        record: head.record,
    };
    sealed::seal_to(&recipient, &labels, plaintext).map_err(own)
}

/// Opens what was encrypted to the caller's key.
pub(crate) fn open(key: &KeyFile, typ: &'static str, compact: &str) -> Result<SecretBytes, ClientError> {
    let parsed = jwe::parse(compact).map_err(|_| ClientError::NotProven("it is no JWE"))?;
    if parsed.header.typ.as_deref() != Some(typ) || parsed.header.kid.as_deref() != Some(key.kid()) {
        return Err(ClientError::NotProven("it is not encrypted to this key as an answer"));
    }
    sealed::open(&parsed, key.stored(), key).map_err(|_| ClientError::NotProven("it does not open with this key"))
}

/// The RFC 7638 thumbprint of a key.
pub(crate) fn thumbprint(key: &PublicKey) -> Option<String> {
    keys::thumbprint(key).ok()
}

/// The key as JSON.
pub(crate) fn jwk(key: &PublicKey) -> Option<Value> {
    keys::to_jwk(key).ok().map(|jwk| jwk.to_value())
}

/// The key of a JWK, checked.
pub(crate) fn public_key(jwk: &Jwk) -> Option<PublicKey> {
    keys::from_jwk(jwk).ok()
}

/// A fault of the caller's own key, not of anything that was received.
fn own(error: EnvelopeError) -> ClientError {
    ClientError::Setup(format!("the key cannot be used: {error}"))
}

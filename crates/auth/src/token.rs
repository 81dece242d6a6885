//! A token before it is verified: what must be known to find the key, and what is refused without one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_domain::SignatureAlgorithm;
use serde::Deserialize;
use serde_json::Value;

use crate::AuthError;

/// The unverified parts of a token that decide how it is verified. Nothing here may be believed.
#[derive(Debug)]
pub(crate) struct Unverified {
    pub algorithm: SignatureAlgorithm,
    pub key_id: Option<String>,
    pub issuer: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
    b64: Option<Value>,
    zip: Option<Value>,
    enc: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
}

impl Unverified {
    /// Reads a compact JWS (RFC 7515, section 7.1). A repeated member of those we look at is an error.
    pub fn read(token: &str) -> Result<Self, AuthError> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(AuthError::Malformed);
        };
        let header: Header = part(header)?;
        // RFC 7515, section 4.1.11: what is critical and not understood must be refused, and we understand none.
        if header.crit.is_some() || header.b64.is_some() || header.zip.is_some() || header.enc.is_some() {
            return Err(AuthError::Refused("its header asks for what we do not do"));
        }
        if !header.typ.as_deref().is_none_or(is_token_type) {
            return Err(AuthError::Refused("its type is not a token's"));
        }
        let algorithm =
            SignatureAlgorithm::from_name(&header.alg).ok_or(AuthError::Refused("its algorithm is not accepted"))?;
        let claims: Claims = part(claims)?;
        let issuer = claims.iss.ok_or(AuthError::Refused("it has no iss"))?;
        Ok(Self { algorithm, key_id: header.kid, issuer })
    }
}

/// RFC 7519, section 5.1, and RFC 9068, section 2.1. Logout tokens, proofs of possession and our own requests say
/// otherwise.
fn is_token_type(kind: &str) -> bool {
    ["JWT", "at+jwt", "application/at+jwt", "application/jwt"].iter().any(|known| known.eq_ignore_ascii_case(kind))
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, AuthError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| AuthError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| AuthError::Malformed)
}

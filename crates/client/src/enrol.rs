//! Enrolment of a reader's or sender's key: proof that the caller holds it, for the subject of the caller's token.

use km_api::readers::EnrolKey;
use km_domain::{SecretText, Timestamp};
use km_formats::{base64url, json};
use serde_json::{Value, json};

use crate::{ClientError, KeyFile, jose, statement::nonce};

const PROOF: &str = "sealkeep-enrol+jws";

/// What an access token says of its holder. Read without checking the signature: the services check it, the client only
/// wants to know its own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub issuer: String,
    pub subject: String,
    pub roles: Vec<String>,
}

impl Holder {
    /// Reads a JWT's claims (RFC 7519, section 4.1).
    pub fn of(token: &SecretText) -> Result<Self, ClientError> {
        const SHAPE: ClientError = ClientError::NotProven("the access token is not a JWT with iss and sub");
        let payload = token.expose().split('.').nth(1).and_then(|part| base64url::decode_strict(part).ok());
        let claims = payload.and_then(|bytes| json::strict(&bytes).ok()).ok_or(SHAPE)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let roles = claims.pointer("/realm_access/roles").and_then(Value::as_array);
        let roles = roles.into_iter().flatten().filter_map(|role| role.as_str().map(str::to_owned)).collect();
        Ok(Self { issuer: text("iss").ok_or(SHAPE)?, subject: text("sub").ok_or(SHAPE)?, roles })
    }
}

/// The body of `POST /v1/me/keys`: the public key and the proof of possession.
pub fn enrolment(key: &KeyFile, holder: &Holder, now: Timestamp) -> Result<EnrolKey, ClientError> {
    let payload = json!({"sub": holder.subject, "iss": holder.issuer, "iat": now.seconds(), "nonce": nonce()});
    let proof = jose::sign(key, PROOF, payload.to_string().as_bytes())?;
    let jwk = jose::jwk(key.public()).ok_or(ClientError::NotProven("the key has no JWK form"))?;
    Ok(EnrolKey { jwk, proof })
}

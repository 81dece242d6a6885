//! The tokens: access tokens as Keycloak lays them out, and id tokens for those who ask for `openid`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_crypto::random;
use km_domain::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    accounts::{Client, Holder},
    codes::Login,
    issuer::Issuer,
    signing::SigningError,
};

/// What a token says of how its holder proved who they are.
pub struct Proof<'a> {
    pub acr: Option<&'a str>,
    pub at: Timestamp,
}

/// The answer of the token endpoint (RFC 6749, section 5.1).
pub fn client_answer(issuer: &Issuer, client: &Client) -> Result<Value, SigningError> {
    let now = issuer.clock.now();
    let proof = Proof { acr: client.acr.as_deref(), at: now };
    Ok(json!({
        "access_token": access_token(issuer, &client.id, &client.holder, None, &proof)?,
        "token_type": "Bearer",
        "expires_in": issuer.lifetime.as_secs(),
    }))
}

/// As [`client_answer`], after a person's login.
pub fn person_answer(issuer: &Issuer, client: &Client, login: &Login, holder: &Holder) -> Result<Value, SigningError> {
    let proof = Proof { acr: Some(login.acr), at: login.at };
    let mut answer = json!({
        "access_token": access_token(issuer, &client.id, holder, Some(&login.username), &proof)?,
        "token_type": "Bearer",
        "expires_in": issuer.lifetime.as_secs(),
    });
    if login.scope.as_deref().is_some_and(|scope| scope.split(' ').any(|word| word == "openid")) {
        answer["id_token"] = id_token(issuer, client, login, holder)?.into();
    }
    Ok(answer)
}

fn access_token(
    issuer: &Issuer,
    client_id: &str,
    holder: &Holder,
    username: Option<&str>,
    proof: &Proof<'_>,
) -> Result<String, SigningError> {
    let mut claims = common(issuer, holder, proof);
    claims.insert("aud".into(), json!(issuer.audience));
    claims.insert("typ".into(), "Bearer".into());
    claims.insert("azp".into(), client_id.into());
    claims.insert("client_id".into(), client_id.into());
    claims.insert("realm_access".into(), json!({ "roles": holder.roles }));
    if let Some(tenant) = &holder.tenant {
        claims.insert(issuer.tenant_claim.clone(), tenant.as_str().into());
    }
    // Keycloak names the service account of a client so.
    let username = username.map_or_else(|| format!("service-account-{client_id}"), str::to_owned);
    claims.insert("preferred_username".into(), username.into());
    // RFC 9068, section 2.1.
    issuer.keys.sign("at+jwt", &Value::Object(claims))
}

/// OpenID Connect Core 1.0, section 2.
fn id_token(issuer: &Issuer, client: &Client, login: &Login, holder: &Holder) -> Result<String, SigningError> {
    let proof = Proof { acr: Some(login.acr), at: login.at };
    let mut claims = common(issuer, holder, &proof);
    claims.insert("aud".into(), client.id.as_str().into());
    claims.insert("typ".into(), "ID".into());
    claims.insert("preferred_username".into(), login.username.as_str().into());
    if let Some(nonce) = &login.nonce {
        claims.insert("nonce".into(), nonce.as_str().into());
    }
    issuer.keys.sign("JWT", &Value::Object(claims))
}

fn common(issuer: &Issuer, holder: &Holder, proof: &Proof<'_>) -> Map<String, Value> {
    let now = issuer.clock.now();
    let mut claims = Map::new();
    claims.insert("iss".into(), issuer.name.as_str().into());
    claims.insert("sub".into(), holder.subject.as_str().into());
    claims.insert("iat".into(), now.seconds().into());
    claims.insert("exp".into(), now.plus(issuer.lifetime).seconds().into());
    claims.insert("jti".into(), URL_SAFE_NO_PAD.encode(random::bytes::<16>()).into());
    claims.insert("auth_time".into(), proof.at.seconds().into());
    if let Some(acr) = proof.acr {
        claims.insert("acr".into(), acr.into());
    }
    claims
}

//! Tokens for secrets and codes (RFC 6749, sections 4.1.3 and 4.4.2; RFC 7636, section 4.5).

use actix_web::{Error, HttpRequest, HttpResponse, http::header, web};
use base64::{Engine, engine::general_purpose::STANDARD};
use km_domain::SecretText;
use serde::Deserialize;

use super::{Shared, oauth_error::OauthError};
use crate::{
    accounts::Client,
    issuer::Issuer,
    tokens::{client_answer, person_answer},
};

/// The form. Members that we do not know are passed over, a repeated one is an error.
#[derive(Deserialize)]
pub struct TokenForm {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
}

pub async fn answer(
    issuer: Shared,
    request: HttpRequest,
    form: Result<web::Form<TokenForm>, Error>,
) -> Result<HttpResponse, OauthError> {
    let form = form.map_err(|_| OauthError::InvalidRequest("the body must be a form without repeated members"))?;
    let form = form.into_inner();
    let credentials = Credentials::of(&request, &form)?;
    let answer = match form.grant_type.as_deref() {
        Some("client_credentials") => {
            let client = credentials.confidential(&issuer)?;
            client_answer(&issuer, client)?
        }
        Some("authorization_code") => {
            let client = credentials.any(&issuer)?;
            after_login(&issuer, client, &form)?
        }
        Some(_) => return Err(OauthError::UnsupportedGrantType),
        None => return Err(OauthError::InvalidRequest("grant_type is missing")),
    };
    Ok(HttpResponse::Ok().insert_header((header::PRAGMA, "no-cache")).json(answer))
}

fn after_login(issuer: &Issuer, client: &Client, form: &TokenForm) -> Result<serde_json::Value, OauthError> {
    let code = form.code.as_deref().ok_or(OauthError::InvalidRequest("code is missing"))?;
    let verifier = form.code_verifier.as_deref().ok_or(OauthError::InvalidRequest("code_verifier is missing"))?;
    let refused = OauthError::InvalidGrant("the code is not known, used up, or of another login");
    let login = issuer.codes.redeem(code, issuer.clock.now()).ok_or(refused)?;
    let is_same = login.client_id == client.id && form.redirect_uri.as_deref() == Some(login.redirect_uri.as_str());
    if !is_same || !login.is_proved_by(verifier) {
        return Err(refused);
    }
    let person = issuer.accounts.person(&login.username).ok_or(refused)?;
    Ok(person_answer(issuer, client, &login, &person.holder)?)
}

/// Who asks: by HTTP Basic or by the form, not by both (RFC 6749, section 2.3).
struct Credentials {
    client_id: String,
    secret: Option<SecretText>,
}

impl Credentials {
    fn of(request: &HttpRequest, form: &TokenForm) -> Result<Self, OauthError> {
        let secret = form.client_secret.clone().map(SecretText::new);
        match (request.headers().get(header::AUTHORIZATION), secret) {
            (Some(_), Some(_)) => Err(OauthError::InvalidRequest("the client must prove itself once")),
            (Some(value), None) => basic(value.to_str().unwrap_or_default()).ok_or(OauthError::InvalidClient),
            (None, secret) => {
                let client_id = form.client_id.clone().ok_or(OauthError::InvalidRequest("client_id is missing"))?;
                Ok(Self { client_id, secret })
            }
        }
    }

    fn confidential<'a>(&self, issuer: &'a Issuer) -> Result<&'a Client, OauthError> {
        let secret = self.secret.as_ref().map_or("", |secret| secret.expose());
        let client = issuer.accounts.authenticate_client(&self.client_id, secret);
        client.filter(|client| !client.is_public()).ok_or(OauthError::InvalidClient)
    }

    /// A public client names itself only; PKCE proves that it is the one that began.
    fn any<'a>(&self, issuer: &'a Issuer) -> Result<&'a Client, OauthError> {
        match issuer.accounts.client(&self.client_id) {
            Some(client) if client.is_public() && self.secret.is_none() => Ok(client),
            Some(client) if client.is_public() => Err(OauthError::UnauthorizedClient),
            _ => self.confidential(issuer),
        }
    }
}

/// RFC 7617, with name and secret in form encoding (RFC 6749, section 2.3.1).
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, value) = header.split_once(' ')?;
    let text = STANDARD.decode(value.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = SecretText::new(String::from_utf8(text).ok()?);
    let (id, secret) = text.expose().split_once(':')?;
    Some(Credentials { client_id: form_decoded(id)?, secret: Some(SecretText::new(form_decoded(secret)?)) })
}

fn form_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_decoded() {
        let header = format!("Basic {}", STANDARD.encode("a%3Ab:s+e%2Bt"));
        let credentials = basic(&header).unwrap();
        assert_eq!(credentials.client_id, "a:b");
        assert_eq!(credentials.secret.unwrap().expose(), "s e+t");
        assert!(basic("Basic !").is_none() && basic("Bearer YTpi").is_none() && basic("Basic YTol").is_none());
    }
}

//! A person logs in with a browser: OpenID Connect with the authorization code flow and PKCE (RFC 6749, section 4.1; RFC
//! 7636), returning to a loopback address (RFC 8252, section 7.3).

use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use km_crypto::digest::sha256;
use km_domain::{SecretText, Timestamp};
use km_formats::base64url;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    ClientError,
    http::{Call, Http},
    loopback::Loopback,
    token::{LEEWAY, TokenAnswer, form_encoded},
};

/// A login that has begun: the person is to open [`BrowserLogin::address`].
pub struct BrowserLogin {
    http: Http,
    issuer: String,
    token_endpoint: String,
    client_id: String,
    verifier: SecretText,
    state: String,
    loopback: Loopback,
    /// Where the person logs in.
    pub address: String,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
}

impl BrowserLogin {
    /// Asks the issuer where to log in, and opens a port on 127.0.0.1 for the way back. `level`: the authentication context
    /// class that is wished (`acr_values`), for a second factor.
    pub async fn begin(http: Http, issuer: &str, client_id: &str, level: Option<&str>) -> Result<Self, ClientError> {
        let discovery = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery: Discovery = http.send(Call::get(discovery)).await?.json()?;
        if discovery.issuer != issuer {
            return Err(ClientError::NotProven("the issuer calls itself by another name"));
        }
        let loopback = Loopback::open().await?;
        let verifier = SecretText::new(base64url::encode(km_crypto::random::bytes::<32>()));
        let state = base64url::encode(km_crypto::random::bytes::<16>());
        let challenge = base64url::encode(sha256(verifier.expose().as_bytes()));
        let mut members = vec![
            ("response_type", "code".to_owned()),
            ("client_id", client_id.to_owned()),
            ("redirect_uri", loopback.address()),
            ("scope", "openid".to_owned()),
            ("state", state.clone()),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256".to_owned()),
        ];
        members.extend(level.map(|level| ("acr_values", level.to_owned())));
        let query: Vec<String> =
            members.iter().map(|(name, value)| format!("{name}={}", form_encoded(value))).collect();
        let address = format!("{}?{}", discovery.authorization_endpoint, query.join("&"));
        Ok(Self {
            http,
            issuer: discovery.issuer,
            token_endpoint: discovery.token_endpoint,
            client_id: client_id.to_owned(),
            verifier,
            state,
            loopback,
            address,
        })
    }

    /// Waits until the browser comes back, and trades the code for an access token. Returns it and when it expires.
    pub async fn finish(self, now: impl Fn() -> Timestamp) -> Result<(SecretText, Timestamp), ClientError> {
        let redirect_uri = self.loopback.address();
        let back = self.loopback.wait(&self.state).await?;
        if back.issuer.as_ref().is_some_and(|issuer| *issuer != self.issuer) {
            return Err(ClientError::NotProven("the browser came back from another issuer"));
        }
        let code = back.code.ok_or_else(|| {
            ClientError::Refused(Box::new(km_api::Problem {
                title: "the issuer refused the login".to_owned(),
                ..km_api::Problem::of("login-refused", 0)
            }))
        })?;
        let form = Zeroizing::new(format!(
            "grant_type=authorization_code&client_id={}&redirect_uri={}&code={}&code_verifier={}",
            form_encoded(&self.client_id),
            form_encoded(&redirect_uri),
            form_encoded(&code),
            form_encoded(self.verifier.expose()),
        ));
        let call = Call::post(self.token_endpoint)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.as_bytes().to_vec());
        let answer: TokenAnswer = self.http.send(call).await?.json()?;
        Ok(answer.into_token(now()))
    }
}

#[derive(Deserialize)]
struct Kept {
    access_token: String,
    expires: Timestamp,
}

/// Keeps the token of a login in a file of mode 0600, for the next commands.
pub fn keep_login(path: &Path, token: &SecretText, expires: Timestamp) -> Result<(), ClientError> {
    let wrong = |error: std::io::Error| ClientError::Setup(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(wrong)?;
    }
    forget_login(path)?;
    let text = Zeroizing::new(json!({"access_token": token.expose(), "expires": expires}).to_string());
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)
}

/// Removes a kept login; one that is not there is no fault.
pub fn forget_login(path: &Path) -> Result<(), ClientError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(ClientError::Setup(format!("{}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// A kept token that still holds.
pub(crate) fn kept_login(path: &Path, now: Timestamp) -> Option<SecretText> {
    let text = Zeroizing::new(std::fs::read_to_string(path).ok()?);
    let kept: Kept = serde_json::from_str(&text).ok()?;
    let token = SecretText::new(kept.access_token);
    (now.plus(LEEWAY) < kept.expires).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_kept_until_it_expires() {
        let path = std::env::temp_dir().join(format!("km-client-login-{}", std::process::id())).join("a.json");
        let at = Timestamp::from_seconds;
        keep_login(&path, &SecretText::new("token".into()), at(1000)).ok().unwrap();
        assert_eq!(kept_login(&path, at(900)).unwrap().expose(), "token");
        assert!(kept_login(&path, at(980)).is_none());
        forget_login(&path).ok().unwrap();
        forget_login(&path).ok().unwrap();
        assert!(kept_login(&path, at(0)).is_none());
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}

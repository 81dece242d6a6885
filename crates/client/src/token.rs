//! Access tokens: client credentials at the token endpoint (RFC 6749, section 4.4), kept until shortly before they expire.

use std::{path::Path, sync::Arc, time::Duration};

use km_domain::{Clock, SecretText, Timestamp};
use serde::Deserialize;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::{
    ClientError,
    endpoints::read_text,
    http::{Call, Http},
};

/// A token is renewed this long before it expires.
pub(crate) const LEEWAY: Duration = Duration::from_secs(30);
/// What is assumed of a token whose answer does not say how long it lives.
const DEFAULT_LIFE_SECONDS: u64 = 60;

/// Where access tokens come from.
pub struct TokenSource {
    clock: Arc<dyn Clock>,
    origin: Origin,
    kept: Mutex<Option<(SecretText, Timestamp)>>,
}

enum Origin {
    ClientCredentials { http: Http, endpoint: String, client_id: String, secret: SecretText },
    Fixed(SecretText),
}

impl TokenSource {
    /// A client that proves itself with a secret from a file.
    pub fn client_credentials(
        http: Http,
        endpoint: &str,
        client_id: &str,
        secret_file: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ClientError> {
        let text = Zeroizing::new(read_text(secret_file)?);
        let secret = SecretText::new(text.trim().to_owned());
        let (endpoint, client_id) = (endpoint.to_owned(), client_id.to_owned());
        let origin = Origin::ClientCredentials { http, endpoint, client_id, secret };
        Ok(Self { clock, origin, kept: Mutex::new(None) })
    }

    /// A token that was obtained elsewhere.
    pub fn fixed(token: SecretText, clock: Arc<dyn Clock>) -> Self {
        Self { clock, origin: Origin::Fixed(token), kept: Mutex::new(None) }
    }

    /// A token that is still good.
    pub async fn token(&self) -> Result<SecretText, ClientError> {
        let (http, endpoint, client_id, secret) = match &self.origin {
            Origin::Fixed(token) => return Ok(token.clone()),
            Origin::ClientCredentials { http, endpoint, client_id, secret } => (http, endpoint, client_id, secret),
        };
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some((token, _)) = kept.as_ref().filter(|(_, expires)| now.plus(LEEWAY) < *expires) {
            return Ok(token.clone());
        }
        let form = Zeroizing::new(format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            form_encoded(client_id),
            *Zeroizing::new(form_encoded(secret.expose())),
        ));
        let call = Call::post(endpoint)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.as_bytes().to_vec());
        let answer: TokenAnswer = http.send(call).await?.json()?;
        let (token, expires) = answer.into_token(now);
        *kept = Some((token.clone(), expires));
        Ok(token)
    }
}

/// The answer of a token endpoint (RFC 6749, section 5.1).
#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    access_token: String,
    expires_in: Option<u64>,
}

impl TokenAnswer {
    /// The token, and when it expires.
    pub fn into_token(self, now: Timestamp) -> (SecretText, Timestamp) {
        let life = Duration::from_secs(self.expires_in.unwrap_or(DEFAULT_LIFE_SECONDS));
        (SecretText::new(self.access_token), now.plus(life))
    }
}

/// `application/x-www-form-urlencoded` (WHATWG URL, section 5.2), everything but the plainest characters escaped.
pub(crate) fn form_encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'*');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_escaped() {
        assert_eq!(form_encoded("a+b&c=d é"), "a%2Bb%26c%3Dd%20%C3%A9");
    }
}

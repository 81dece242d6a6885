//! Tokens of the identities, from the issuer.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::call::{Client, https};
use crate::identities::identity;
use crate::{System, settings};

/// Officers' tokens are fetched again after this time, long before their second factor is too old.
const KEPT: Duration = Duration::from_secs(300);

/// Tokens that were fetched, each with the time when.
pub type Kept = Mutex<HashMap<String, (String, Instant)>>;

impl System {
    /// A token of this identity, from the issuer.
    #[track_caller]
    pub fn token(&self, who: &str) -> String {
        let mut tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((token, _)) = tokens.get(who).filter(|(_, since)| since.elapsed() < KEPT) {
            return token.clone();
        }
        let token = self.fresh_token(who);
        tokens.insert(who.to_owned(), (token.clone(), Instant::now()));
        token
    }

    /// A token that the issuer signs now.
    #[track_caller]
    pub fn fresh_token(&self, who: &str) -> String {
        let secret =
            std::fs::read_to_string(settings::secret_file(self.folder(), identity(who).name)).expect("a secret");
        let form = format!("grant_type=client_credentials&client_id={who}&client_secret={}", secret.trim());
        let issuer = Client::new(https(&self.public("ca.pem"), None), self.issuer());
        let answer = issuer.send("POST", "/token", Some("application/x-www-form-urlencoded"), form.into_bytes()).good();
        answer["access_token"].as_str().expect("a token").to_owned()
    }
}

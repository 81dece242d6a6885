//! Authorization codes: kept for a minute, used once (RFC 6749, section 4.1.2).

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_crypto::{constant_time, digest, random};
use km_domain::Timestamp;
use parking_lot::Mutex;

/// What a login led to.
#[derive(Debug, Clone)]
pub struct Login {
    pub client_id: String,
    pub redirect_uri: String,
    /// Of PKCE, method S256 (RFC 7636, section 4.2).
    pub challenge: String,
    pub username: String,
    pub acr: &'static str,
    pub at: Timestamp,
    pub nonce: Option<String>,
    pub scope: Option<String>,
}

/// Codes that are waiting to be used, by their digests.
#[derive(Default)]
pub struct Codes(Mutex<HashMap<[u8; 32], Login>>);

const LIFETIME: Duration = Duration::from_secs(60);
const MOST: usize = 1000;

impl Codes {
    /// A code for this login; none while too many are waiting.
    pub fn issue(&self, login: Login, now: Timestamp) -> Option<String> {
        let mut waiting = self.0.lock();
        waiting.retain(|_, login| now < login.at.plus(LIFETIME));
        if waiting.len() >= MOST {
            return None;
        }
        let code = URL_SAFE_NO_PAD.encode(random::bytes::<32>());
        waiting.insert(digest::sha256(code.as_bytes()), login);
        Some(code)
    }

    /// The login behind a code, which is used up even if what comes next is refused.
    pub fn redeem(&self, code: &str, now: Timestamp) -> Option<Login> {
        let login = self.0.lock().remove(&digest::sha256(code.as_bytes()))?;
        (now < login.at.plus(LIFETIME)).then_some(login)
    }
}

impl Login {
    /// Whether the verifier is the one whose digest the login began with (RFC 7636, section 4.6).
    pub fn is_proved_by(&self, verifier: &str) -> bool {
        let is_plain = verifier.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'));
        let computed = URL_SAFE_NO_PAD.encode(digest::sha256(verifier.as_bytes()));
        is_plain
            && (43..=128).contains(&verifier.len())
            && constant_time::equal(computed.as_bytes(), self.challenge.as_bytes())
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn login(challenge: &str, at: Timestamp) -> Login {
        Login {
            client_id: "kmctl".to_owned(),
            redirect_uri: "http://127.0.0.1:1/callback".to_owned(),
            challenge: challenge.to_owned(),
            username: "amina".to_owned(),
            acr: "2",
            at,
            nonce: None,
            scope: None,
        }
    }

    #[test]
    fn rfc_7636_appendix_b() {
        let login = login("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Timestamp::from_seconds(0));
        assert!(login.is_proved_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!login.is_proved_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"));
        assert!(!login.is_proved_by(""));
    }

    #[test]
    fn a_code_is_used_once_and_soon() {
        let (codes, now) = (Codes::default(), Timestamp::from_seconds(1_790_000_000));
        let code = codes.issue(login("x", now), now).unwrap();
        assert!(codes.redeem("another", now).is_none());
        assert!(codes.redeem(&code, now).is_some());
        assert!(codes.redeem(&code, now).is_none());
        let late = codes.issue(login("x", now), now).unwrap();
        assert!(codes.redeem(&late, now.plus(LIFETIME)).is_none());
    }
}

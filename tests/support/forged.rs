//! Tokens and signed requests that no honest program would make. The test holds the issuer's key, as a thief of it would.

use std::path::Path;

use serde_json::{Value, json};

use crate::openssl::sign_es256;
use crate::{System, base64url, from_base64url};

/// A compact JWS (RFC 7515, section 7.1) with exactly this header and payload, signed ES256 by the key of this file.
pub fn jws(key: &Path, header: &Value, payload: &[u8]) -> String {
    let signed = format!("{}.{}", base64url(header.to_string()), base64url(payload));
    let signature = sign_es256(key, signed.as_bytes());
    format!("{signed}.{}", base64url(signature))
}

/// Header and payload of a compact JWS, unverified.
pub fn read(jws: &str) -> (Value, Value) {
    let mut parts = jws.split('.').map(from_base64url);
    let mut next = || serde_json::from_slice(&parts.next().expect("a part")).expect("JSON");
    (next(), next())
}

impl System {
    /// A token of this identity with changed header and claims, signed with the issuer's own key. A change to null removes.
    pub fn forged_token(&self, who: &str, header_changes: &Value, claim_changes: &Value) -> String {
        let (mut header, mut claims) = read(&self.token(who));
        change(&mut header, header_changes);
        change(&mut claims, claim_changes);
        jws(&self.folder().join("issuer/signing-keys.pem"), &header, claims.to_string().as_bytes())
    }

    /// A token of this identity whose holder gave a second factor so many seconds ago.
    pub fn token_with_old_factor(&self, who: &str, seconds: i64) -> String {
        let at = crate::now().seconds() - seconds;
        self.forged_token(who, &json!({}), &json!({"auth_time": at, "acr": "2"}))
    }
}

fn change(into: &mut Value, changes: &Value) {
    let into = into.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            into.remove(name);
        } else {
            into.insert(name.clone(), value.clone());
        }
    }
}

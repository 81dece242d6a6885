//! Public keys as JSON (RFC 7517; RFC 7518, section 6; RFC 8037; RFC 8812), and what a thumbprint is the hash of (RFC 7638).
//! Parts only: crate `envelope` turns them into keys and checks them.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::{FormatError, base64url, json, members::Members};

const PART: &str = "the JWK";
const MAX_KEYS: usize = 1000;
const MAX_CERTIFICATES: usize = 10;
/// Members that only a private or secret key has (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The key itself, by kind. Lengths are checked, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyParts {
    P256 { x: [u8; 32], y: [u8; 32] },
    P384 { x: [u8; 48], y: [u8; 48] },
    Secp256k1 { x: [u8; 32], y: [u8; 32] },
    Ed25519 { x: [u8; 32] },
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// A public key with what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    pub key: KeyParts,
    pub kid: Option<String>,
    /// `sig` or `enc`: the member `use`.
    pub usage: Option<String>,
    pub alg: Option<String>,
    /// The certificate of the key and its chain, DER, first the key's own (RFC 7517, section 4.7).
    pub x5c: Vec<Vec<u8>>,
}

impl Jwk {
    /// A key and nothing said about it.
    pub fn bare(key: KeyParts) -> Self {
        Self { key, kid: None, usage: None, alg: None, x5c: Vec::new() }
    }

    /// Reads one key. Members that are not used here are passed over, as RFC 7517, section 4, asks. Refused: any part
    /// of a private key, another kind or curve, numbers of the wrong length.
    pub fn from_value(value: Value) -> Result<Self, FormatError> {
        let mut members = Members::of(PART, value)?;
        if PRIVATE.iter().any(|name| members.has(name)) {
            return Err(FormatError::new(PART, "a public key"));
        }
        let (kty, crv) = (members.text("kty", 16)?, members.text("crv", 16)?);
        let key = match (kty.as_deref(), crv.as_deref()) {
            (Some("EC"), Some("P-256")) => KeyParts::P256 { x: members.exactly("x")?, y: members.exactly("y")? },
            (Some("EC"), Some("P-384")) => KeyParts::P384 { x: members.exactly("x")?, y: members.exactly("y")? },
            (Some("EC"), Some("secp256k1")) => {
                KeyParts::Secp256k1 { x: members.exactly("x")?, y: members.exactly("y")? }
            }
            (Some("OKP"), Some("Ed25519")) => KeyParts::Ed25519 { x: members.exactly("x")? },
            (Some("RSA"), None) => {
                KeyParts::Rsa { n: number(&mut members, "n", 1024)?, e: number(&mut members, "e", 8)? }
            }
            _ => {
                return Err(FormatError::new(
                    "kty and crv",
                    "EC with P-256, P-384 or secp256k1, OKP with Ed25519, or RSA",
                ));
            }
        };
        Ok(Self {
            key,
            kid: members.text("kid", 256)?,
            usage: members.text("use", 16)?,
            alg: members.text("alg", 32)?,
            x5c: certificates(members.value("x5c"))?,
        })
    }

    /// Reads one key from JSON text.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::from_value(json::strict(bytes)?)
    }

    pub fn to_value(&self) -> Value {
        let mut members: Map<String, Value> =
            self.key.required().into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        let optional = [("kid", &self.kid), ("use", &self.usage), ("alg", &self.alg)];
        for (name, value) in optional {
            if let Some(text) = value {
                members.insert(name.to_owned(), text.as_str().into());
            }
        }
        if !self.x5c.is_empty() {
            let chain: Vec<String> = self.x5c.iter().map(|der| STANDARD.encode(der)).collect();
            members.insert("x5c".to_owned(), chain.into());
        }
        Value::Object(members)
    }
}

impl KeyParts {
    /// What the thumbprint is the SHA-256 of: the required members in lexicographic order, without white space (RFC
    /// 7638, section 3; RFC 8037, section 2).
    pub fn thumbprint_input(&self) -> String {
        json!(self.required()).to_string()
    }

    fn required(&self) -> BTreeMap<&'static str, String> {
        let curve = |kty: &str, crv: &str, x: &[u8]| {
            [("kty", kty.to_owned()), ("crv", crv.to_owned()), ("x", base64url::encode(x))]
        };
        match self {
            Self::P256 { x, y } => curve("EC", "P-256", x).into_iter().chain([("y", base64url::encode(y))]).collect(),
            Self::P384 { x, y } => curve("EC", "P-384", x).into_iter().chain([("y", base64url::encode(y))]).collect(),
            Self::Secp256k1 { x, y } => {
                curve("EC", "secp256k1", x).into_iter().chain([("y", base64url::encode(y))]).collect()
            }
            Self::Ed25519 { x } => curve("OKP", "Ed25519", x).into(),
            Self::Rsa { n, e } => {
                [("kty", "RSA".to_owned()), ("n", base64url::encode(n)), ("e", base64url::encode(e))].into()
            }
        }
    }
}

/// Public keys, as `/.well-known/jwks.json` gives them (RFC 7517, section 5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JwkSet {
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// Reads a set of at most 1,000 keys. Keys of a kind that is not used here are passed over, as RFC 7517, section 5,
    /// asks; a private key anywhere is refused with the whole set.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        const REFUSED: FormatError = FormatError::new("the JWK set", "an object with at most 1000 public keys");
        let mut members = Members::parse("the JWK set", bytes)?;
        let Some(Value::Array(values)) = members.value("keys") else { return Err(REFUSED) };
        let is_private = |value: &Value| PRIVATE.iter().any(|name| value.get(name).is_some());
        if values.len() > MAX_KEYS || values.iter().any(is_private) {
            return Err(REFUSED);
        }
        Ok(Self { keys: values.into_iter().filter_map(|value| Jwk::from_value(value).ok()).collect() })
    }

    pub fn to_value(&self) -> Value {
        json!({ "keys": self.keys.iter().map(Jwk::to_value).collect::<Vec<_>>() })
    }

    /// The first key with this id.
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid.as_deref() == Some(kid))
    }
}

/// A positive number without leading zeros (RFC 7518, section 2, Base64urlUInt).
fn number(members: &mut Members, name: &'static str, max: usize) -> Result<Vec<u8>, FormatError> {
    members
        .bytes(name, max)?
        .filter(|bytes| bytes.first().is_some_and(|byte| *byte != 0))
        .ok_or(FormatError::new(name, "a positive number in base64url without leading zeros"))
}

fn certificates(value: Option<Value>) -> Result<Vec<Vec<u8>>, FormatError> {
    const REFUSED: FormatError = FormatError::new("x5c", "a list of at most 10 certificates in base64");
    let Some(value) = value else { return Ok(Vec::new()) };
    let Value::Array(items) = value else { return Err(REFUSED) };
    if items.is_empty() || items.len() > MAX_CERTIFICATES {
        return Err(REFUSED);
    }
    let one = |item: &Value| item.as_str().and_then(|text| STANDARD.decode(text).ok()).ok_or(REFUSED);
    items.iter().map(one).collect()
}

#[cfg(test)]
#[path = "jwk_tests.rs"]
mod tests;

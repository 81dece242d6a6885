//! JSON Web Signatures as the dialect writes and reads them: the header's members in the dialect's order, the payload left out where
//! the caller says so, or signed as it is (RFC 7797) and yet carried in base64url.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{FormatError, base64url, json};

/// Longest header that is read, in characters; it may carry a chain of certificates.
const MAX_HEADER: usize = 256 * 1024;
const MAX_SIGNATURE: usize = 2048;
/// Most certificates in `x5c`.
const MAX_CHAIN: usize = 16;
/// Header members that no caller may bring: they decide what is verified, and with what.
const RESERVED: [&str; 7] = ["alg", "b64", "jwk", "x5c", "x5t", "x5t#S256", "x5u"];

const TOKEN: FormatError = FormatError::new("the JWS", "three parts joined by dots, the first and last in base64url");
const HEADER: FormatError =
    FormatError::new("the JWS header", "a JSON object in base64url, with members as RFC 7515 has them");

/// What a new signature's header says, in the order in which it says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header<'a> {
    /// `alg`, by its JOSE name.
    pub algorithm: &'a str,
    /// Whether the payload's own bytes are signed and not their base64url: `b64` false, with `crit`.
    pub unencoded: bool,
    /// `x5c`: DER, the signer's own first. Left out when empty.
    pub certificates: &'a [Vec<u8>],
    /// `x5t#S256`: SHA-256 of the signer's certificate.
    pub thumbprint: Option<[u8; 32]>,
    /// `x5u`.
    pub certificate_url: Option<&'a str>,
    pub kid: Option<&'a str>,
    /// What the caller adds ([`AdditionalHeaders`]).
    pub additional: Option<&'a AdditionalHeaders>,
}

impl Header<'_> {
    /// The protected header: the first part of the compact form.
    pub fn protected(&self) -> String {
        let mut members = vec![("alg", Value::from(self.algorithm))];
        let additional = self.additional.map(|additional| additional.crit.as_slice()).unwrap_or_default();
        let mut crit: Vec<&str> = additional.iter().map(String::as_str).collect();
        if self.unencoded {
            members.push(("b64", Value::Bool(false)));
            crit.insert(0, "b64");
        }
        if !crit.is_empty() {
            members.push(("crit", crit.into()));
        }
        if !self.certificates.is_empty() {
            members.push(("x5c", self.certificates.iter().map(|der| standard(der)).collect::<Vec<_>>().into()));
        }
        if let Some(thumbprint) = &self.thumbprint {
            members.push(("x5t#S256", base64url::encode(thumbprint).into()));
        }
        for (name, text) in [("x5u", self.certificate_url), ("kid", self.kid)] {
            members.extend(text.map(|text| (name, Value::from(text))));
        }
        let others = self.additional.map(|additional| additional.members.as_slice()).unwrap_or_default();
        members.extend(others.iter().map(|(name, text)| (name.as_str(), Value::from(text.as_str()))));
        base64url::encode(object(&members))
    }
}

/// A JSON object with its members in this order.
fn object(members: &[(&str, Value)]) -> String {
    let member = |(name, value): &(&str, Value)| format!("{}:{value}", Value::from(*name));
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
}

/// Standard base64 with padding, as `x5c` has it.
fn standard(der: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(der)
}

/// `additionalHeaders` of the newer calls, checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdditionalHeaders {
    /// What `kid` is to begin with, `#` at its end included; empty where the caller gave none.
    pub kid_prefix: String,
    crit: Vec<String>,
    members: Vec<(String, String)>,
}

impl AdditionalHeaders {
    /// `crit` is a list with commas; `kid` is a prefix; every other member goes in as text. Refused: members that decide what is
    /// verified, the same member twice, one in `crit` that is not there, an empty name.
    pub fn new(given: impl IntoIterator<Item = (String, String)>) -> Result<Self, FormatError> {
        const RULE: FormatError = FormatError::new(
            "additionalHeaders",
            "without alg, b64, jwk and x5 members; crit may name only what is there",
        );
        let mut headers = Self::default();
        let mut listed = String::new();
        let mut seen = BTreeSet::new();
        for (name, text) in given {
            if name.is_empty() || !seen.insert(name.clone()) || RESERVED.contains(&name.as_str()) {
                return Err(RULE);
            }
            match name.as_str() {
                "kid" => headers.kid_prefix = with_hash(text),
                "crit" => listed = text,
                _ => headers.members.push((name, text)),
            }
        }
        for name in listed.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !headers.members.iter().any(|(known, _)| known == name) {
                return Err(RULE);
            }
            headers.crit.push(name.to_owned());
        }
        Ok(headers)
    }
}

/// A prefix of `kid` ends with `#`.
pub fn with_hash(mut prefix: String) -> String {
    if !prefix.is_empty() && !prefix.ends_with('#') {
        prefix.push('#');
    }
    prefix
}

/// The payload's `iss`, for installations that put it in front of `kid`. None: no JSON object, no such text.
pub fn issuer(payload: &[u8]) -> Option<String> {
    json::strict(payload).ok()?.get("iss")?.as_str().map(str::to_owned)
}

/// A payload: its bytes, or the base64url that stands for them, letter by letter as it is signed and carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    Bytes(&'a [u8]),
    Text(&'a str),
}

impl<'a> From<&'a str> for Payload<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl Payload<'_> {
    /// How long it is as text, at most.
    const fn room(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len().div_ceil(3).saturating_mul(4),
            Self::Text(text) => text.len(),
        }
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Text(text) => text.trim().is_empty(),
        }
    }
}

/// What is to be signed: the protected header and the payload's text, joined by a dot (RFC 7515, section 5.1).
pub fn signing_input(protected: &str, payload: Payload<'_>) -> String {
    let mut input = String::with_capacity(protected.len() + payload.room() + MAX_SIGNATURE);
    input.push_str(protected);
    input.push('.');
    match payload {
        Payload::Bytes(bytes) => base64url::encode_onto(bytes, &mut input),
        Payload::Text(text) => input.push_str(text),
    }
    input
}

/// What is to be signed where the payload goes in as its bytes (RFC 7797, section 3). Refused: a text that is not base64.
pub fn unencoded_input(protected: &str, payload: Payload<'_>) -> Result<Vec<u8>, FormatError> {
    let mut input = Vec::with_capacity(protected.len() + 1 + payload.room());
    input.extend_from_slice(protected.as_bytes());
    input.push(b'.');
    match payload {
        Payload::Bytes(bytes) => input.extend_from_slice(bytes),
        Payload::Text(text) => base64url::decode_onto(text, &mut input)?,
    }
    Ok(input)
}

/// The compact form; without a middle it is detached.
pub fn compact(protected: &str, middle: Option<Payload<'_>>, signature: &[u8]) -> String {
    let mut jws = signing_input(protected, middle.unwrap_or(Payload::Text("")));
    jws.push('.');
    base64url::encode_onto(signature, &mut jws);
    jws
}

/// A compact form in its three parts. Nothing of it may be believed before its signature is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitJws<'a> {
    pub protected: &'a str,
    /// Empty where the payload is detached.
    pub middle: &'a str,
    /// In JOSE form (RFC 7518, section 3.4).
    pub signature: Vec<u8>,
}

impl<'a> SplitJws<'a> {
    /// Refused: other than three parts, an empty signature or one that is not base64url.
    pub fn parse(token: &'a str) -> Result<Self, FormatError> {
        let mut parts = token.splitn(4, '.');
        let (Some(protected), Some(middle), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TOKEN);
        };
        if signature.is_empty() || signature.len() > MAX_SIGNATURE {
            return Err(TOKEN);
        }
        Ok(Self { protected, middle, signature: base64url::decode_strict(signature).map_err(|_| TOKEN)? })
    }

    /// What the signature must be over. `actual`, where it is given and not blank, stands for the middle part.
    ///
    /// An unencoded payload is carried in base64url, as the dialect's `jwsSign` does; a middle that cannot be base64 is the payload
    /// itself (RFC 7797, section 5.2). So each token has one reading.
    pub fn signing_input(&self, header: &ParsedHeader, actual: Option<Payload<'_>>) -> Vec<u8> {
        let payload = actual.filter(|payload| !payload.is_blank()).unwrap_or(Payload::Text(self.middle));
        match header.unencoded.then(|| unencoded_input(self.protected, payload)) {
            Some(Ok(input)) => input,
            _ => signing_input(self.protected, payload).into_bytes(),
        }
    }
}

/// The header of someone's signature, as far as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedHeader {
    /// Whatever `alg` says; not yet known to be one that we verify.
    pub algorithm: String,
    pub kid: Option<String>,
    /// `x5c`: what should be DER, the signer's own first.
    pub certificates: Vec<Vec<u8>>,
    /// `x5t#S256`: only a claim.
    pub thumbprint: Option<Vec<u8>>,
    pub unencoded: bool,
}

impl ParsedHeader {
    /// Reads the first part of the compact form. Members that are not known are passed over. Refused: no base64url without padding,
    /// no JSON object, a member twice, a known member of another type, `x5c` empty or with more than 16 certificates, `b64` that is
    /// false and not in `crit`, anything else in `crit`.
    pub fn parse(protected: &str) -> Result<Self, FormatError> {
        if protected.len() > MAX_HEADER {
            return Err(HEADER);
        }
        let bytes = base64url::decode_strict(protected).map_err(|_| HEADER)?;
        let Ok(Value::Object(members)) = json::strict(&bytes) else { return Err(HEADER) };
        Self::read(&members).ok_or(HEADER)
    }

    fn read(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name).map(Value::as_str);
        let unencoded = !members.get("b64").map_or(Some(true), Value::as_bool)?;
        match members.get("crit") {
            None if unencoded => return None,
            None => {}
            Some(crit) if *crit == Value::from(["b64"].as_slice()) && members.contains_key("b64") => {}
            Some(_) => return None,
        }
        let certificates = match members.get("x5c") {
            None => Vec::new(),
            Some(Value::Array(items)) if (1..=MAX_CHAIN).contains(&items.len()) => {
                items.iter().map(|item| base64url::decode(item.as_str()?).ok()).collect::<Option<_>>()?
            }
            Some(_) => return None,
        };
        let thumbprint = match text("x5t#S256") {
            None => None,
            Some(text) => Some(base64url::decode(text?).ok()?),
        };
        Some(Self {
            algorithm: text("alg")??.to_owned(),
            kid: text("kid").map_or(Some(None), |kid| kid.map(|kid| Some(kid.to_owned())))?,
            certificates,
            thumbprint,
            unencoded,
        })
    }

    /// The key id in `kid`, whatever prefix stands before it and its `#`.
    pub fn key_id(&self) -> Option<&str> {
        self.kid.as_deref().and_then(|kid| kid.rsplit('#').next())
    }
}

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;

//! JSON Web Encryption of `/jwtEncrypt`: RSA-OAEP-256 and A256GCM, compressed as a rule, the recipient named by its certificate.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::gcm::{GcmParts, TAG};
use crate::{FormatError, base64url, json};

const MAX_HEADER: usize = 256 * 1024;
const MAX_KEY: usize = 2048;
const NONCE: usize = 12;

const FORM: FormatError = FormatError::new("the JWE", "five parts of base64url without padding, joined by dots");
const HEADER: FormatError =
    FormatError::new("the JWE header", "of RSA-OAEP-256 and A256GCM, zip DEF or absent, without crit");

/// What a new message's header says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header<'a> {
    /// SHA-256 of the recipient's certificate, as `kid`.
    pub thumbprint: [u8; 32],
    /// `zip` DEF: the plaintext is compressed first.
    pub compressed: bool,
    /// `x5c`: the recipient's certificate, DER.
    pub certificate: Option<&'a [u8]>,
    /// Whether `x5t#S256` is said too.
    pub with_hash: bool,
    /// `jku`.
    pub key_set_url: Option<&'a str>,
}

impl Header<'_> {
    /// The protected header: the first part of the compact form, and the additional authenticated data.
    pub fn protected(&self) -> String {
        let thumbprint = base64url::encode(self.thumbprint);
        let mut members = vec![
            ("cty", Value::from("JWT")),
            ("typ", "JWT".into()),
            ("alg", "RSA-OAEP-256".into()),
            ("enc", "A256GCM".into()),
            ("kid", thumbprint.as_str().into()),
        ];
        members.extend(self.compressed.then(|| ("zip", "DEF".into())));
        members.extend(self.certificate.map(|der| ("x5c", vec![STANDARD.encode(der)].into())));
        members.extend(self.with_hash.then(|| ("x5t#S256", thumbprint.as_str().into())));
        members.extend(self.key_set_url.map(|url| ("jku", url.into())));
        let members: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        base64url::encode(Value::Object(members).to_string())
    }
}

/// The compact form. Refused: ciphertext too short to hold a tag.
pub fn compact(protected: &str, wrapped_key: &[u8], iv: &[u8; NONCE], sealed: &[u8]) -> Result<String, FormatError> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG>().ok_or(FORM)?;
    let room = protected.len() + (wrapped_key.len() + iv.len() + sealed.len() + 8).div_ceil(3) * 4 + 4;
    let mut jwe = String::with_capacity(room);
    jwe.push_str(protected);
    for part in [wrapped_key, iv, ciphertext, tag] {
        jwe.push('.');
        base64url::encode_onto(part, &mut jwe);
    }
    Ok(jwe)
}

/// What the content of a message is to be taken as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Three parts joined by dots: someone's signature, sealed as it is.
    Nested,
    /// base64url of JSON.
    Encoded,
}

impl Content {
    /// How `/jwtEncrypt` takes its `data`.
    pub fn of(text: &str) -> Self {
        if text.split('.').count() == 3 { Self::Nested } else { Self::Encoded }
    }
}

/// A message taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedJwe {
    /// `kid`; none where it is missing.
    pub kid: Option<String>,
    pub compressed: bool,
    pub wrapped_key: Vec<u8>,
    iv: [u8; NONCE],
    sealed: Vec<u8>,
    aad: String,
}

impl ParsedJwe {
    /// Refused: another `alg`, `enc` or `zip`, `crit`, a member twice, padded or otherwise alternative base64url, a nonce or tag of
    /// another length than GCM's. Other members are passed over.
    pub fn parse(token: &str) -> Result<Self, FormatError> {
        let mut parts = token.splitn(6, '.');
        let (Some(protected), Some(key), Some(iv), Some(ciphertext), Some(tag), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(FORM);
        };
        if protected.len() > MAX_HEADER || key.len() > MAX_KEY {
            return Err(FORM);
        }
        let decode = |part: &str| base64url::decode_strict(part).map_err(|_| FORM);
        let Ok(Value::Object(members)) = json::strict(&decode(protected)?) else { return Err(HEADER) };
        let (kid, compressed) = read(&members).ok_or(HEADER)?;
        let tag: [u8; TAG] = decode(tag)?.try_into().map_err(|_| FORM)?;
        // The message may be a whole document: it is put where there is room for its tag.
        let mut sealed = Vec::with_capacity(ciphertext.len() + TAG);
        base64url::decode_strict_onto(ciphertext, &mut sealed).map_err(|_| FORM)?;
        sealed.extend_from_slice(&tag);
        let iv = decode(iv)?.try_into().map_err(|_| FORM)?;
        Ok(Self { kid, compressed, wrapped_key: decode(key)?, iv, sealed, aad: protected.to_owned() })
    }

    /// What the content key opens.
    pub fn parts(&self) -> Result<GcmParts<'_>, FormatError> {
        GcmParts::new(&self.iv, self.aad.as_bytes(), &self.sealed)
    }
}

/// `kid`, and whether there is `zip`.
fn read(members: &Map<String, Value>) -> Option<(Option<String>, bool)> {
    let is = |name: &str, text: &str| members.get(name).and_then(Value::as_str) == Some(text);
    if !is("alg", "RSA-OAEP-256") || !is("enc", "A256GCM") || members.contains_key("crit") {
        return None;
    }
    let compressed = members.contains_key("zip");
    if compressed && !is("zip", "DEF") {
        return None;
    }
    let kid = match members.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str()?.to_owned()),
    };
    Some((kid, compressed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_header(json: &str) -> String {
        compact(&base64url::encode(json), &[1; 256], &[2; 12], &[3; 20]).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let header = Header {
            thumbprint: [7; 32],
            compressed: true,
            certificate: Some(&[1, 2]),
            with_hash: true,
            key_set_url: Some("https://a"),
        };
        let protected = header.protected();
        let json: Value = serde_json::from_slice(&base64url::decode_strict(&protected).unwrap()).unwrap();
        let kid = base64url::encode([7; 32]);
        let expected = serde_json::json!({
            "cty": "JWT", "typ": "JWT", "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": kid, "zip": "DEF", "x5c": ["AQI="],
            "x5t#S256": kid, "jku": "https://a",
        });
        assert_eq!(json, expected);
        let parsed = ParsedJwe::parse(&compact(&protected, &[1; 256], &[2; 12], &[3; 20]).unwrap()).unwrap();
        assert_eq!(
            (parsed.kid.as_deref(), parsed.compressed, parsed.wrapped_key.len()),
            (Some(kid.as_str()), true, 256)
        );
        let parts = parsed.parts().unwrap();
        assert_eq!((parts.iv, parts.aad, parts.sealed), (&[2; 12][..], protected.as_bytes(), &[3; 20][..]));

        let plain = Header { compressed: false, certificate: None, with_hash: false, key_set_url: None, ..header };
        let json: Value = serde_json::from_slice(&base64url::decode_strict(plain.protected()).unwrap()).unwrap();
        assert_eq!(json.as_object().unwrap().len(), 5);
    }

    #[test]
    fn contents() {
        assert_eq!(Content::of("a.b.c"), Content::Nested);
        for text in ["", "eyJ9", "a.b", "a.b.c.d"] {
            assert_eq!(Content::of(text), Content::Encoded);
        }
    }

    #[test]
    fn other_messages_are_refused() {
        assert!(ParsedJwe::parse(&with_header(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","x":1}"#)).is_ok());
        let bad = [
            "[]",
            "{}",
            r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A128GCM"}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"GZ"}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":null}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","crit":[]}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":1}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","enc":"A256GCM"}"#,
        ];
        for json in bad {
            assert_eq!(ParsedJwe::parse(&with_header(json)), Err(HEADER), "{json}");
        }
        let good = with_header(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#);
        for token in ["", "a.b.c", &format!("{good}.x"), &format!("{good}A"), &good.replacen('.', "=.", 1)] {
            assert!(ParsedJwe::parse(token).is_err());
        }
        assert!(compact("h", &[], &[0; 12], &[0; 15]).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(token in "\\PC{0,30}(\\.\\PC{0,10}){0,6}") {
            let _ = ParsedJwe::parse(&token);
            let _ = Content::of(&token);
        }
    }
}

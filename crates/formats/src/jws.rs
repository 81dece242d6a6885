//! JSON Web Signatures in compact form (RFC 7515), as the product writes and reads them: no `none`, no MAC, no `crit`,
//! no detached or unencoded payload, no key in the header.

use km_domain::{SecretBytes, SecretText, SignatureAlgorithm};
use serde_json::{Map, Value};

use crate::{FormatError, base64url, members::Members};

/// Longest compact form that is read.
pub const MAX_LENGTH: usize = 16 * 1024 * 1024;
const MAX_HEADER: usize = 4096;
const MAX_SIGNATURE: usize = 1024;
const PART: &str = "the JWS header";

/// The protected header; these members and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub algorithm: SignatureAlgorithm,
    /// Which key of the signer's.
    pub kid: Option<String>,
    /// What the payload is; the product's own forms always say it.
    pub typ: Option<String>,
    pub cty: Option<String>,
}

impl Header {
    /// The header of one of the product's own forms.
    pub fn new(algorithm: SignatureAlgorithm, kid: &str, typ: &str) -> Self {
        Self { algorithm, kid: Some(kid.to_owned()), typ: Some(typ.to_owned()), cty: None }
    }

    fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut members = Members::parse(PART, bytes)?;
        let algorithm = members
            .text("alg", 16)?
            .and_then(|name| SignatureAlgorithm::from_name(&name))
            .ok_or(FormatError::new("alg", "one of RS256, PS256, ES256, ES384, ES256K, EdDSA"))?;
        let header = Self {
            algorithm,
            kid: members.text("kid", 256)?,
            typ: members.text("typ", 64)?,
            cty: members.text("cty", 64)?,
        };
        members.end(PART)?;
        Ok(header)
    }

    fn to_json(&self) -> String {
        let mut members = Map::new();
        members.insert("alg".to_owned(), self.algorithm.name().into());
        for (name, value) in [("kid", &self.kid), ("typ", &self.typ), ("cty", &self.cty)] {
            if let Some(text) = value {
                members.insert(name.to_owned(), text.as_str().into());
            }
        }
        Value::Object(members).to_string()
    }
}

/// A JWS taken apart. Nothing of it may be believed before its signature is verified.
pub struct ParsedJws {
    pub header: Header,
    pub payload: SecretBytes,
    /// In JOSE form (RFC 7518, section 3.4).
    pub signature: Vec<u8>,
    /// What the signature is over.
    pub signing_input: SecretText,
}

impl ParsedJws {
    /// Whether the JWS says that it is of this type. A signature made for one purpose must not serve another.
    pub fn expect_typ(&self, typ: &'static str) -> Result<(), FormatError> {
        if self.header.typ.as_deref() == Some(typ) { Ok(()) } else { Err(FormatError::new("typ", typ)) }
    }
}

/// Takes a compact JWS apart (RFC 7515, section 5.2, steps 1 to 7). Refused: every header member but `alg`, `kid`,
/// `typ` and `cty`, so also `crit`, `b64`, `jwk`, `jku`, `x5c`; `none` and MACs; a member twice; padded or otherwise
/// alternative base64url; an empty signature.
pub fn parse(compact: impl AsRef<[u8]>) -> Result<ParsedJws, FormatError> {
    const FORM: FormatError = FormatError::new("the JWS", "three parts of base64url without padding, joined by dots");
    let text = std::str::from_utf8(compact.as_ref()).map_err(|_| FORM)?;
    if text.len() > MAX_LENGTH {
        return Err(FORM);
    }
    let (signing_input, signature) = text.rsplit_once('.').ok_or(FORM)?;
    let (protected, payload) = signing_input.split_once('.').ok_or(FORM)?;
    if protected.len() > MAX_HEADER || signature.is_empty() || signature.len() > 2 * MAX_SIGNATURE {
        return Err(FORM);
    }
    let header = Header::parse(&base64url::decode_strict(protected).map_err(|_| FORM)?)?;
    Ok(ParsedJws {
        header,
        payload: SecretBytes::new(base64url::decode_strict(payload).map_err(|_| FORM)?),
        signature: base64url::decode_strict(signature).map_err(|_| FORM)?,
        signing_input: SecretText::new(signing_input.to_owned()),
    })
}

/// What is to be signed: header and payload, encoded and joined by a dot (RFC 7515, section 5.1, step 5).
pub fn signing_input(header: &Header, payload: &[u8]) -> String {
    format!("{}.{}", base64url::encode(header.to_json()), base64url::encode(payload))
}

/// The compact form, from what was signed and its signature.
pub fn compact(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", base64url::encode(signature))
}

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;

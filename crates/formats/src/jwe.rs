//! JSON Web Encryption in compact form (RFC 7516), as the product writes and reads it: ECDH-ES on P-256 with direct
//! agreement or RSA-OAEP-256, always A256GCM, never compressed.

use km_domain::{RecordId, RegisterName};
use serde_json::{Map, Value, json};

use crate::{FormatError, base64url, members::Members};

/// Longest compact form that is read.
pub const MAX_LENGTH: usize = 16 * 1024 * 1024;
const MAX_HEADER: usize = 4096;
const MAX_PARTY: usize = 256;
const PART: &str = "the JWE header";

/// How the content key reaches the recipient, with what only that way has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyManagement {
    /// Direct agreement (RFC 7518, section 4.6): the sender's point, uncompressed, not yet checked to be on the curve,
    /// and what both parties may say of themselves.
    EcdhEs { epk: [u8; 65], apu: Option<Vec<u8>>, apv: Option<Vec<u8>> },
    /// RSAES-OAEP with SHA-256 (RFC 7518, section 4.3).
    RsaOaep256,
}

/// The protected header; these members, `alg` and `enc`, and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub management: KeyManagement,
    /// Which key of the recipient's; the product's own messages always say it.
    pub kid: Option<String>,
    pub typ: Option<String>,
    pub cty: Option<String>,
    /// The register and record that the content is for; whoever opens it compares them with what it was asked.
    pub register: Option<RegisterName>,
    pub record: Option<RecordId>,
}

/// A JWE taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedJwe {
    pub header: Header,
    /// Empty for ECDH-ES.
    pub encrypted_key: Vec<u8>,
    pub iv: [u8; 12],
    /// Ciphertext and tag, one after the other.
    pub sealed: Vec<u8>,
    /// Additional authenticated data: the encoded protected header (RFC 7516, section 5.1, step 14).
    pub aad: String,
}

/// Takes a compact JWE apart (RFC 7516, section 5.2, steps 1 to 10). Refused: another `alg` or `enc`; every header
/// member that [`Header`] does not have, so also `crit`, `zip`, `p2c`, `jku`, `x5c`; a member twice; padded or
/// otherwise alternative base64url; an encrypted key of a length that its `alg` cannot have; a nonce or tag of another
/// length than GCM's.
pub fn parse(compact: impl AsRef<[u8]>) -> Result<ParsedJwe, FormatError> {
    const FORM: FormatError = FormatError::new("the JWE", "five parts of base64url without padding, joined by dots");
    let text = std::str::from_utf8(compact.as_ref()).map_err(|_| FORM)?;
    let mut parts = text.splitn(6, '.');
    let (Some(protected), Some(key), Some(iv), Some(ciphertext), Some(tag), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(FORM);
    };
    if text.len() > MAX_LENGTH || protected.len() > MAX_HEADER || key.len() > MAX_HEADER {
        return Err(FORM);
    }
    let decode = |part: &str| base64url::decode_strict(part).map_err(|_| FORM);
    let header = Header::parse(&decode(protected)?)?;

    let encrypted_key = decode(key)?;
    match header.management {
        KeyManagement::EcdhEs { .. } if encrypted_key.is_empty() => {}
        KeyManagement::RsaOaep256 if (256..=1024).contains(&encrypted_key.len()) => {}
        _ => return Err(FormatError::new("the encrypted key", "of the length that alg gives it")),
    }
    let iv = decode(iv)?.try_into().map_err(|_| FormatError::new("the nonce", "12 bytes"))?;
    let mut sealed = decode(ciphertext)?;
    let tag: [u8; 16] = decode(tag)?.try_into().map_err(|_| FormatError::new("the tag", "16 bytes"))?;
    sealed.extend_from_slice(&tag);
    Ok(ParsedJwe { header, encrypted_key, iv, sealed, aad: protected.to_owned() })
}

/// The encoded protected header: the first part of the compact form and the additional authenticated data.
pub fn protected(header: &Header) -> String {
    base64url::encode(header.to_json())
}

/// The compact form, from [`protected`], the encrypted key (empty for ECDH-ES), the nonce, and ciphertext with tag.
/// Refused: ciphertext too short to hold a tag.
pub fn compact(protected: &str, encrypted_key: &[u8], iv: &[u8; 12], sealed: &[u8]) -> Result<String, FormatError> {
    let (ciphertext, tag) =
        sealed.split_last_chunk::<16>().ok_or(FormatError::new("the ciphertext", "followed by a tag of 16 bytes"))?;
    let [key, iv, ciphertext, tag] = [encrypted_key, iv, ciphertext, tag].map(base64url::encode);
    Ok(format!("{protected}.{key}.{iv}.{ciphertext}.{tag}"))
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut members = Members::parse(PART, bytes)?;
        let algorithm = members.text("alg", 16)?;
        if members.text("enc", 16)?.as_deref() != Some("A256GCM") {
            return Err(FormatError::new("enc", "A256GCM"));
        }
        let management = match algorithm.as_deref() {
            Some("ECDH-ES") => KeyManagement::EcdhEs {
                epk: ephemeral(&mut members)?,
                apu: members.bytes("apu", MAX_PARTY)?,
                apv: members.bytes("apv", MAX_PARTY)?,
            },
            Some("RSA-OAEP-256") => KeyManagement::RsaOaep256,
            _ => return Err(FormatError::new("alg", "ECDH-ES or RSA-OAEP-256")),
        };
        let header = Self {
            management,
            kid: members.text("kid", 256)?,
            typ: members.text("typ", 64)?,
            cty: members.text("cty", 64)?,
            register: named(&mut members, "register", "a register's name")?,
            record: named(&mut members, "record", "a UUID in lower-case hyphenated form")?,
        };
        members.end(PART)?;
        Ok(header)
    }

    fn to_json(&self) -> String {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("enc", "A256GCM".into());
        match &self.management {
            KeyManagement::EcdhEs { epk, apu, apv } => {
                put("alg", "ECDH-ES".into());
                put("epk", ephemeral_json(epk));
                for (name, party) in [("apu", apu), ("apv", apv)] {
                    if let Some(bytes) = party {
                        put(name, base64url::encode(bytes).into());
                    }
                }
            }
            KeyManagement::RsaOaep256 => {
                put("alg", "RSA-OAEP-256".into());
            }
        }
        let optional = [
            ("kid", self.kid.clone()),
            ("typ", self.typ.clone()),
            ("cty", self.cty.clone()),
            ("register", self.register.as_ref().map(ToString::to_string)),
            ("record", self.record.as_ref().map(ToString::to_string)),
        ];
        for (name, value) in optional {
            if let Some(text) = value {
                put(name, text.into());
            }
        }
        Value::Object(members).to_string()
    }
}

/// Reads `epk`: a public P-256 JWK of four members (RFC 7518, section 4.6.1.1).
fn ephemeral(members: &mut Members) -> Result<[u8; 65], FormatError> {
    const PART: &str = "epk";
    const REFUSED: FormatError = FormatError::new(PART, "a public key on P-256 with kty, crv, x and y");
    let mut epk = Members::of(PART, members.value(PART).ok_or(REFUSED)?)?;
    if epk.text("kty", 8)?.as_deref() != Some("EC") || epk.text("crv", 8)?.as_deref() != Some("P-256") {
        return Err(REFUSED);
    }
    let (x, y): ([u8; 32], [u8; 32]) = (epk.exactly("x")?, epk.exactly("y")?);
    epk.end(PART)?;
    let mut point = [4; 65];
    point.iter_mut().skip(1).zip(x.into_iter().chain(y)).for_each(|(to, from)| *to = from);
    Ok(point)
}

fn ephemeral_json(point: &[u8; 65]) -> Value {
    let (_, coordinates) = point.split_at(1);
    let (x, y) = coordinates.split_at(32);
    json!({ "kty": "EC", "crv": "P-256", "x": base64url::encode(x), "y": base64url::encode(y) })
}

fn named<T: std::str::FromStr>(
    members: &mut Members,
    name: &'static str,
    rule: &'static str,
) -> Result<Option<T>, FormatError> {
    members.text(name, 64)?.map(|text| text.parse().map_err(|_| FormatError::new(name, rule))).transpose()
}

#[cfg(test)]
#[path = "jwe_tests.rs"]
mod tests;

//! `/cwtSign` and `/cwtVerify`: a CBOR Web Token (RFC 8392), signed, with both tags.

use ciborium::Value as Cbor;
use serde_json::{Map, Value};

use super::{
    cbor::{self, Members, from_json, label},
    cose::ParsedSign1,
};
use crate::FormatError;

/// Tag of a CBOR Web Token (RFC 8392, section 6).
const CWT: u64 = 61;

const ISS: i64 = 1;
const SUB: i64 = 2;
const AUD: i64 = 3;
const EXP: i64 = 4;
const NBF: i64 = 5;
const IAT: i64 = 6;
const CTI: i64 = 7;
/// What is printed into QR codes of identity data.
const CLAIM_169: i64 = 169;

const TOKEN: FormatError = FormatError::new("the CWT", "a signed CWT with its tags");
const CLAIMS: FormatError = FormatError::new("the claims", "a CBOR map with each claim once and of its type");

/// The claims of a new token. Times are seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claims<'a> {
    pub issuer: Option<&'a str>,
    pub subject: Option<&'a str>,
    pub audience: Option<&'a str>,
    pub expires: i64,
    pub not_before: i64,
    pub issued_at: i64,
    pub id: Option<&'a [u8]>,
    /// Bytes of claim 169.
    pub claim_169: Option<&'a [u8]>,
    /// Members of the caller's payload; a name that is a number is one.
    pub others: &'a Map<String, Value>,
}

impl Claims<'_> {
    /// The token's payload. Refused: a claim of the caller's payload that is said already.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let text = |number: i64, text: Option<&str>| text.map(|text| (Cbor::from(number), Cbor::from(text)));
        let bytes = |number: i64, bytes: Option<&[u8]>| bytes.map(|bytes| (number.into(), Cbor::Bytes(bytes.to_vec())));
        let mut claims: Vec<(Cbor, Cbor)> = Vec::new();
        claims.extend(text(ISS, self.issuer));
        claims.extend(text(SUB, self.subject));
        claims.extend(text(AUD, self.audience));
        for (number, seconds) in [(EXP, self.expires), (NBF, self.not_before), (IAT, self.issued_at)] {
            claims.push((number.into(), seconds.into()));
        }
        claims.extend(bytes(CTI, self.id));
        claims.extend(bytes(CLAIM_169, self.claim_169));
        for (name, value) in self.others {
            claims.push((label(name), from_json(value)?));
        }
        if !cbor::each_once(claims.iter().map(|(label, _)| label)) {
            return Err(CLAIMS);
        }
        cbor::to_bytes(&Cbor::Map(claims))
    }
}

/// The token around a finished COSE_Sign1, which has its own tag. Refused: bytes that are no CBOR, more than 1 MiB.
pub fn wrap(sign1: &[u8]) -> Result<Vec<u8>, FormatError> {
    cbor::to_bytes(&Cbor::Tag(CWT, Box::new(cbor::from_bytes(sign1)?)))
}

/// The signed message in a token. Refused: other tags; what [`ParsedSign1::parse`] refuses.
pub fn unwrap(bytes: &[u8]) -> Result<ParsedSign1, FormatError> {
    match cbor::from_bytes(bytes)? {
        Cbor::Tag(CWT, inner) => ParsedSign1::of(*inner).ok_or(TOKEN),
        _ => Err(TOKEN),
    }
}

/// What a verifier looks at in a token's payload, once the signature is verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedClaims {
    pub issuer: Option<String>,
    pub subject: Option<String>,
    /// Seconds since 1970; a fraction is cut off.
    pub expires: Option<i64>,
    pub not_before: Option<i64>,
}

impl ParsedClaims {
    /// Refused: no map, a claim twice, one of these four of another type.
    pub fn parse(payload: &[u8]) -> Result<Self, FormatError> {
        let claims = Members::parse(cbor::from_bytes(payload)?).ok_or(CLAIMS)?;
        let text =
            |number| claims.find(number).map(|value| value.as_text().map(str::to_owned).ok_or(CLAIMS)).transpose();
        let time = |number| claims.find(number).map(|value| seconds(value).ok_or(CLAIMS)).transpose();
        Ok(Self { issuer: text(ISS)?, subject: text(SUB)?, expires: time(EXP)?, not_before: time(NBF)? })
    }
}

/// NumericDate (RFC 8392, section 2): a whole number or a float, without a tag.
fn seconds(value: &Cbor) -> Option<i64> {
    match value {
        Cbor::Integer(whole) => i64::try_from(*whole).ok(),
        // What a float holds beyond these years is no date.
        Cbor::Float(float) if float.abs() < 1e15 => Some(*float as i64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn none() -> Map<String, Value> {
        Map::new()
    }

    fn claims(others: &Map<String, Value>) -> Claims<'_> {
        Claims {
            issuer: Some("iss"),
            subject: Some("sub"),
            audience: Some("aud"),
            expires: 200,
            not_before: 100,
            issued_at: 50,
            id: Some(&[1]),
            claim_169: Some(&[2]),
            others,
        }
    }

    #[test]
    fn claims_by_their_numbers() {
        let expected =
            b"\xa8\x01\x63iss\x02\x63sub\x03\x63aud\x04\x18\xc8\x05\x18\x64\x06\x18\x32\x07\x41\x01\x18\xa9\x41\x02";
        assert_eq!(claims(&none()).to_bytes().unwrap(), expected);
        let parsed = ParsedClaims::parse(expected).unwrap();
        assert_eq!((parsed.issuer.as_deref(), parsed.subject.as_deref()), (Some("iss"), Some("sub")));
        assert_eq!((parsed.expires, parsed.not_before), (Some(200), Some(100)));
        let Value::Object(others) = json!({"name": "x", "40": [1]}) else { panic!() };
        let bytes =
            Claims { issuer: None, subject: None, audience: None, id: None, claim_169: None, ..claims(&others) };
        assert_eq!(bytes.to_bytes().unwrap(), b"\xa5\x04\x18\xc8\x05\x18\x64\x06\x18\x32\x18\x28\x81\x01\x64name\x61x");
        let Value::Object(twice) = json!({"4": 1}) else { panic!() };
        assert_eq!(claims(&twice).to_bytes(), Err(CLAIMS), "a caller sets no expiry of their own");
    }

    #[test]
    fn claims_of_others() {
        assert_eq!(ParsedClaims::parse(b"\xa0").unwrap(), ParsedClaims::default());
        assert_eq!(ParsedClaims::parse(b"\xa1\x04\xf9\x3e\x00").unwrap().expires, Some(1));
        let bad: [&[u8]; 6] =
            [b"", b"\x80", b"\xa1\x01\x01", b"\xa1\x04\x61x", b"\xa2\x04\x01\x04\x02", b"\xa1\x04\xf9\x7e\x00"];
        for bytes in bad {
            assert!(ParsedClaims::parse(bytes).is_err(), "{bytes:?}");
        }
    }

    /// RFC 8392, appendix A.3, without its key id, as github.com/cose-wg/Examples has it.
    #[test]
    fn the_published_token() {
        let token = "d28443a10126a05850a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a\
                     2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b7158405427c1ff28\
                     d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9\
                     b63632c57209120e1c9e30";
        let bytes = super::super::identifiers::from_hex(token).unwrap();
        assert_eq!(unwrap(&bytes), Err(TOKEN), "the outer tag is missing");
        let parsed = unwrap(&wrap(&bytes).unwrap()).unwrap();
        assert_eq!(parsed, ParsedSign1::parse(&bytes).unwrap());
        assert_eq!((parsed.algorithm, parsed.kid.as_deref()), (Some("ES256"), None));
        let claims = ParsedClaims::parse(&parsed.payload).unwrap();
        assert_eq!(claims.issuer.as_deref(), Some("coap://as.example.com"));
        assert_eq!((claims.expires, claims.not_before), (Some(1_444_064_944), Some(1_443_944_944)));
        assert!(ParsedSign1::parse(&wrap(&bytes).unwrap()).is_err(), "one tag too many");
    }
}

//! An issuer's key set (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_crypto::PublicKey;
use km_domain::SignatureAlgorithm;
use serde::Deserialize;
use serde_json::Value;

use crate::DocumentError;

/// The keys with which an issuer signs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<IssuerKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct IssuerKey {
    id: Option<String>,
    /// Set when the issuer binds the key to one algorithm.
    algorithm: Option<SignatureAlgorithm>,
    key: PublicKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// A set with more keys is not an issuer's.
const MOST_KEYS: usize = 100;

impl KeySet {
    /// Reads a key set. Keys that are not for signatures, or of a kind or algorithm that we do not use, are passed over (RFC
    /// 7517, section 5); a set in which none is left is an error.
    pub fn parse(json: &[u8]) -> Result<Self, DocumentError> {
        let document: Document = serde_json::from_slice(json).map_err(|_| DocumentError::Malformed("the key set"))?;
        if document.keys.len() > MOST_KEYS {
            return Err(DocumentError::Malformed("the key set"));
        }
        let keys: Vec<IssuerKey> = document.keys.into_iter().filter_map(issuer_key).collect();
        if keys.is_empty() { Err(DocumentError::NoKeys) } else { Ok(Self { keys }) }
    }

    /// The key for a token: by its id, or, if the token names none, the only one that fits the algorithm.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: SignatureAlgorithm) -> Option<&PublicKey> {
        let mut fitting = self.keys.iter().filter(|candidate| candidate.fits(algorithm));
        match id {
            Some(id) => fitting.find(|candidate| candidate.id.as_deref() == Some(id)).map(|found| &found.key),
            None => match (fitting.next(), fitting.next()) {
                (Some(only), None) => Some(&only.key),
                _ => None,
            },
        }
    }
}

impl IssuerKey {
    fn fits(&self, wanted: SignatureAlgorithm) -> bool {
        let kind_fits = match self.key {
            PublicKey::Rsa { .. } => matches!(wanted, SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256),
            PublicKey::P256(_) => wanted == SignatureAlgorithm::Es256,
            PublicKey::P384(_) => wanted == SignatureAlgorithm::Es384,
            PublicKey::Secp256k1(_) => wanted == SignatureAlgorithm::Es256K,
            PublicKey::Ed25519(_) => wanted == SignatureAlgorithm::EdDsa,
        };
        kind_fits && self.algorithm.is_none_or(|bound| bound == wanted)
    }
}

fn issuer_key(value: Value) -> Option<IssuerKey> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let signs = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
        && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
    if !signs {
        return None;
    }
    let algorithm = match &jwk.alg {
        Some(name) => Some(SignatureAlgorithm::from_name(name)?),
        None => None,
    };
    let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => PublicKey::Rsa { modulus: number(jwk.n.as_deref()?)?, exponent: number(jwk.e.as_deref()?)? },
        ("EC", Some("P-256")) => PublicKey::P256(point(&jwk, 32)?),
        ("EC", Some("P-384")) => PublicKey::P384(point(&jwk, 48)?),
        ("OKP", Some("Ed25519")) => PublicKey::Ed25519(bytes(jwk.x.as_deref()?)?),
        _ => return None,
    };
    key.check().ok()?;
    Some(IssuerKey { id: jwk.kid, algorithm, key })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// Some issuers keep the sign byte of a modulus, against RFC 7518, section 6.3.1.1.
fn number(text: &str) -> Option<Vec<u8>> {
    Some(bytes(text)?.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn point(jwk: &Jwk, size: usize) -> Option<Vec<u8>> {
    let (x, y) = (bytes(jwk.x.as_deref()?)?, bytes(jwk.y.as_deref()?)?);
    (x.len() == size && y.len() == size).then(|| [&[4][..], &x, &y].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public keys of RFC 7517, appendix A.1, with their uses changed as each test needs.
    const EC: &str = r#""kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#;
    const ED: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

    fn set(keys: &[&str]) -> Result<KeySet, DocumentError> {
        KeySet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes())
    }

    #[test]
    fn keys_are_found_by_id_and_algorithm() {
        let set =
            set(&[&format!(r#"{{{EC},"kid":"1","use":"sig"}}"#), &format!(r#"{{{ED},"kid":"2","alg":"EdDSA"}}"#)]);
        let set = set.unwrap();
        assert!(matches!(set.find(Some("1"), SignatureAlgorithm::Es256), Some(PublicKey::P256(_))));
        assert!(matches!(set.find(Some("2"), SignatureAlgorithm::EdDsa), Some(PublicKey::Ed25519(_))));
        assert_eq!(set.find(Some("1"), SignatureAlgorithm::EdDsa), None);
        assert_eq!(set.find(Some("1"), SignatureAlgorithm::Rs256), None);
        assert_eq!(set.find(Some("3"), SignatureAlgorithm::Es256), None);
        assert!(set.find(None, SignatureAlgorithm::Es256).is_some());
    }

    #[test]
    fn without_an_id_two_keys_are_none() {
        let set = set(&[&format!(r#"{{{EC},"kid":"1"}}"#), &format!(r#"{{{EC},"kid":"2"}}"#)]).unwrap();
        assert_eq!(set.find(None, SignatureAlgorithm::Es256), None);
    }

    #[test]
    fn what_is_not_for_us_is_passed_over() {
        let others = [
            format!(r#"{{{EC},"kid":"1","use":"enc"}}"#),
            format!(r#"{{{EC},"kid":"1","key_ops":["encrypt"]}}"#),
            format!(r#"{{{EC},"kid":"1","alg":"ES512"}}"#),
            r#"{"kty":"oct","k":"AAAA","kid":"1"}"#.to_owned(),
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"1"}"#.to_owned(),
            r#"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#.to_owned(),
            r#"{"kty":"quantum"}"#.to_owned(),
            "17".to_owned(),
        ];
        for other in &others {
            assert_eq!(set(&[other]), Err(DocumentError::NoKeys), "{other}");
        }
        assert!(KeySet::parse(b"[]").is_err());
    }
}

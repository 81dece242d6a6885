//! The outside of a sealed record: the registry checks that a text is a JWE of the expected form and for the place where
//! it was sent. What is inside, it cannot read.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_domain::{KeyVersionRef, RecordId, RegisterName};
use serde::Deserialize;

use crate::error::RegistryError;

/// The protected header of a record's JWE. Members that are not listed are refused: `crit`, `zip`, `p2c` and whatever
/// else could change how it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    enc: String,
    kid: String,
    typ: String,
    #[serde(rename = "cty")]
    _cty: Option<String>,
    register: String,
    record: Option<String>,
    #[serde(rename = "epk")]
    _epk: Option<serde_json::Value>,
    #[serde(rename = "apu")]
    _apu: Option<String>,
    #[serde(rename = "apv")]
    _apv: Option<String>,
}

/// Checks a JWE in compact form (RFC 7516, section 7.1) for one record, or for several of one register.
///
/// `field` names the member that held it, for the refusal.
///
/// # Errors
/// [`RegistryError::Malformed`] if it is no such JWE; [`RegistryError::Misplaced`] if it is for another place.
pub fn check(jwe: &str, field: &str, register: &RegisterName, records: &[RecordId]) -> Result<(), RegistryError> {
    let malformed = |rule| Err(RegistryError::malformed(field, rule));
    let parts: Vec<&str> = jwe.split('.').collect();
    let [header, key, iv, ciphertext, tag] = parts.as_slice() else {
        return malformed("must be a JWE in compact form: five parts of base64url");
    };
    if ![key, iv, ciphertext, tag].into_iter().all(|part| is_base64url(part)) {
        return malformed("must be base64url without padding in each part");
    }
    let Ok(header) = URL_SAFE_NO_PAD.decode(header) else {
        return malformed("must be base64url without padding in each part");
    };
    let Ok(header) = km_service::json::from_slice::<Header>(&header) else {
        return malformed("must have a header of alg, enc, kid, typ, register and at most cty, record, epk, apu, apv");
    };
    if !matches!(header.alg.as_str(), "ECDH-ES" | "RSA-OAEP-256") {
        return malformed("must have alg ECDH-ES or RSA-OAEP-256");
    }
    if header.enc != "A256GCM" || iv.len() != 16 || tag.len() != 22 {
        return malformed("must have enc A256GCM, with an IV of 96 bits and a tag of 128");
    }
    if (header.alg == "ECDH-ES") != key.is_empty() || ciphertext.is_empty() {
        return malformed("must have an encrypted key exactly with RSA-OAEP-256, and a ciphertext");
    }
    if header.typ != "sealkeep-record+jwe" {
        return malformed("must have typ sealkeep-record+jwe");
    }
    if KeyVersionRef::parse(&header.kid).is_none() {
        return malformed("must have the kid of an ingest key");
    }
    if header.register != register.as_str() {
        return Err(RegistryError::misplaced(field, "is for another register"));
    }
    match (header.record, records) {
        (Some(named), [only]) if named != only.to_string() => {
            Err(RegistryError::misplaced(field, "is for another record"))
        }
        (Some(_), [_, _, ..]) => Err(RegistryError::misplaced(field, "is for one record only")),
        _ => Ok(()),
    }
}

/// Unpadded base64url (RFC 4648, section 5), without decoding it: bodies are large.
fn is_base64url(part: &str) -> bool {
    part.len() % 4 != 1 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "018f0000-0000-7000-8000-000000000001";
    const OTHER: &str = "018f0000-0000-7000-8000-000000000002";

    fn jwe(header: &str) -> String {
        format!("{}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA", URL_SAFE_NO_PAD.encode(header))
    }

    fn header(change: impl Fn(&mut serde_json::Map<String, serde_json::Value>)) -> String {
        let mut header = serde_json::json!({ "alg": "ECDH-ES", "enc": "A256GCM", "kid": "ingest.1", "cty": "JWT",
            "typ": "sealkeep-record+jwe", "register": "individual", "record": RECORD, "epk": {"kty": "EC"} });
        change(header.as_object_mut().unwrap());
        header.to_string()
    }

    fn verdict(jwe: &str, records: &[&str]) -> &'static str {
        let records: Vec<RecordId> = records.iter().map(|record| record.parse().unwrap()).collect();
        match check(jwe, "jwe", &"individual".parse().unwrap(), &records) {
            Ok(()) => "fine",
            Err(RegistryError::Malformed { .. }) => "malformed",
            Err(RegistryError::Misplaced { .. }) => "misplaced",
            Err(_) => "other",
        }
    }

    #[test]
    fn only_a_jwe_for_this_place_is_passed_on() {
        assert_eq!(verdict(&jwe(&header(|_| {})), &[RECORD]), "fine");
        assert_eq!(verdict(&jwe(&header(|_| {})), &[OTHER]), "misplaced");
        assert_eq!(verdict(&jwe(&header(|_| {})), &[RECORD, OTHER]), "misplaced");
        let bulk = header(|header| drop(header.remove("record")));
        assert_eq!(verdict(&jwe(&bulk), &[RECORD, OTHER]), "fine");
        let elsewhere = header(|header| drop(header.insert("register".into(), "household".into())));
        assert_eq!(verdict(&jwe(&elsewhere), &[RECORD]), "misplaced");
    }

    #[test]
    fn everything_else_is_malformed() {
        for (name, value) in [
            ("alg", "dir"),
            ("alg", "RSA1_5"),
            ("alg", "RSA-OAEP-256"),
            ("enc", "A128GCM"),
            ("typ", "JOSE"),
            ("kid", "ingest"),
            ("zip", "DEF"),
            ("p2c", "1"),
            ("crit", "exp"),
        ] {
            let changed = header(|header| drop(header.insert(name.into(), value.into())));
            assert_eq!(verdict(&jwe(&changed), &[RECORD]), "malformed", "{name} {value}");
        }
        let repeated = header(|_| {}).replacen('{', r#"{"alg":"ECDH-ES","#, 1);
        let good = jwe(&header(|_| {}));
        for bad in [
            jwe(&repeated),
            jwe("[]"),
            good.replace("..", "."),
            good.replace(".AAAA.", ".AA=A."),
            good.replace(".AAAA.", ".AAAAA."),
            good.replace(".AAAA.", ".."),
            "Abebe Bikila".to_owned(),
            String::new(),
        ] {
            assert_eq!(verdict(&bad, &[RECORD]), "malformed");
        }
    }
}

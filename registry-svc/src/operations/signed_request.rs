//! What a reader signed, looked at from outside: which register and records it names, so that the right rows are sent
//! along. The signature and everything else is the key manager's to judge.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_domain::{RecordId, RegisterName};
use serde::Deserialize;

use crate::error::RegistryError;

/// What kind of request is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Open,
    Find,
    Erase,
}

impl Kind {
    const fn typ(self) -> &'static str {
        match self {
            Self::Open => "sealkeep-open+jws",
            Self::Find => "sealkeep-find+jws",
            Self::Erase => "sealkeep-erase+jws",
        }
    }
}

#[derive(Deserialize)]
struct Header {
    typ: String,
}

#[derive(Deserialize)]
struct Payload {
    register: String,
    #[serde(default)]
    records: Vec<RecordId>,
    #[serde(default)]
    history: bool,
}

/// What a request to open asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    pub records: Vec<RecordId>,
    /// Every version, not the current one alone.
    pub history: bool,
}

/// A request names at most so many records.
pub const MOST_RECORDS: usize = 1000;
const LONGEST: usize = 128 * 1024;

/// The records that a request in compact form (RFC 7515, section 7.1) names.
///
/// # Errors
/// It is no such request, or is for another register.
pub fn records(request: &str, kind: Kind, register: &RegisterName) -> Result<Vec<RecordId>, RegistryError> {
    Ok(asked(request, kind, register)?.records)
}

/// What a request in compact form asks for.
///
/// # Errors
/// As [`records`].
pub fn asked(request: &str, kind: Kind, register: &RegisterName) -> Result<Asked, RegistryError> {
    let malformed = |rule| Err(RegistryError::malformed("request", rule));
    if request.len() > LONGEST {
        return malformed("must be at most 128 KiB");
    }
    let parts: Vec<&str> = request.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return malformed("must be a JWS in compact form: three parts of base64url");
    };
    let (Ok(header), Ok(payload), Ok(_)) =
        (URL_SAFE_NO_PAD.decode(header), URL_SAFE_NO_PAD.decode(payload), URL_SAFE_NO_PAD.decode(signature))
    else {
        return malformed("must be base64url without padding in each part");
    };
    let Ok(header) = km_service::json::from_slice::<Header>(&header) else {
        return malformed("must have a header with typ");
    };
    if header.typ != kind.typ() {
        return malformed(match kind {
            Kind::Open => "must have typ sealkeep-open+jws",
            Kind::Find => "must have typ sealkeep-find+jws",
            Kind::Erase => "must have typ sealkeep-erase+jws",
        });
    }
    let Ok(payload) = km_service::json::from_slice::<Payload>(&payload) else {
        return malformed("must be a request with register and, but for find, records");
    };
    if payload.register != register.as_str() {
        return Err(RegistryError::misplaced("request", "is for another register"));
    }
    if payload.records.len() > MOST_RECORDS || (kind != Kind::Find && payload.records.is_empty()) {
        return malformed("must name 1 to 1000 records");
    }
    Ok(Asked { records: payload.records, history: payload.history })
}

/// That a request is for this one record.
///
/// # Errors
/// As [`records`], and a request for others.
pub fn only(request: &str, kind: Kind, register: &RegisterName, record: RecordId) -> Result<Asked, RegistryError> {
    let asked = asked(request, kind, register)?;
    match asked.records.as_slice() {
        [named] if *named == record => Ok(asked),
        _ => Err(RegistryError::misplaced("request", "is not for this record alone")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "018f0000-0000-7000-8000-000000000001";

    fn jws(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_request_names_its_records_and_nothing_is_guessed() {
        let register: RegisterName = "individual".parse().unwrap();
        let header = r#"{"alg":"ES256","typ":"sealkeep-open+jws"}"#;
        let payload = format!(r#"{{"register":"individual","records":["{RECORD}"],"nonce":"n"}}"#);
        let good = jws(header, &payload);
        assert_eq!(records(&good, Kind::Open, &register).unwrap(), [RECORD.parse().unwrap()]);
        assert!(only(&good, Kind::Open, &register, RECORD.parse().unwrap()).is_ok());
        let other = "018f0000-0000-7000-8000-000000000002".parse().unwrap();
        assert!(matches!(only(&good, Kind::Open, &register, other), Err(RegistryError::Misplaced { .. })));
        assert!(records(&good, Kind::Erase, &register).is_err(), "a request to open does not erase");
        for bad in [
            jws(header, &payload.replace("individual", "household")),
            jws(header, r#"{"register":"individual","records":[]}"#),
            jws(header, r#"{"register":"individual","records":["x"]}"#),
            jws(header, &payload.replace("\"nonce\":\"n\"", "\"register\":\"individual\"")),
            jws("{}", &payload),
            good.replace('.', ".."),
            "Abebe".to_owned(),
        ] {
            assert!(records(&bad, Kind::Open, &register).is_err());
        }
    }
}

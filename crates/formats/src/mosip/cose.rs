//! `/coseSign1` and `/coseVerify1`: COSE_Sign1 (RFC 9052, section 4.2) with the header parameters that the dialect's callers name in
//! JSON.

use ciborium::Value as Cbor;
use serde_json::{Map, Value};

use super::cbor::{self, Members, from_json, label};
use crate::{
    FormatError,
    cbor::{Item, array},
};

/// Tag of a COSE_Sign1 (RFC 9052, section 2).
const SIGN1: u64 = 18;
const MAX_CHAIN: usize = 16;

const ALG: i64 = 1;
const CRIT: i64 = 2;
const CONTENT_TYPE: i64 = 3;
const KID: i64 = 4;
const IV: i64 = 5;
const PARTIAL_IV: i64 = 6;
/// RFC 9360, section 2.
const X5CHAIN: i64 = 33;
const X5T: i64 = 34;
const X5U: i64 = 35;
/// Parameters that we set ourselves where their names ask for them, and that we know when we read.
const KNOWN: [i64; 8] = [ALG, CONTENT_TYPE, KID, IV, PARTIAL_IV, X5CHAIN, X5T, X5U];

const MESSAGE: FormatError = FormatError::new("the COSE message", "a COSE_Sign1 with the tag of its kind");
const PARAMETERS: FormatError =
    FormatError::new("the COSE header", "of named parameters, each once, with values as their names want them");

/// JOSE names of signature algorithms and their numbers in COSE (RFC 9053, section 2; RFC 8812).
const ALGORITHMS: [(&str, i64); 11] = [
    ("RS256", -257),
    ("RS384", -258),
    ("RS512", -259),
    ("PS256", -37),
    ("PS384", -38),
    ("PS512", -39),
    ("ES256", -7),
    ("ES384", -35),
    ("ES512", -36),
    ("ES256K", -47),
    ("EdDSA", -8),
];

/// What a new message's header may say of its signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signer<'a> {
    /// By its JOSE name.
    pub algorithm: &'a str,
    /// DER, the signer's own first.
    pub certificates: &'a [Vec<u8>],
    /// SHA-256 of the signer's own.
    pub thumbprint: [u8; 32],
    /// With its prefix.
    pub kid: &'a str,
}

/// Both headers of a new message.
#[derive(Debug, Clone, PartialEq)]
pub struct Headers {
    algorithm: &'static str,
    /// The protected one as bytes.
    protected: Vec<u8>,
    unprotected: Cbor,
}

impl Headers {
    /// Lays out what the caller asked for; what is asked for in both maps goes into the protected one. `alg` is the signer's, always
    /// protected, as `crit` is. Names that are not the dialect's become labels of their own, numbers where they are written so.
    ///
    /// Refused: an algorithm without a number, a parameter twice, a value of another type than its name wants, `crit` with what is not
    /// in the protected header, the number of a parameter that has a name here.
    pub fn new(
        signer: &Signer<'_>,
        protected: &Map<String, Value>,
        unprotected: &Map<String, Value>,
    ) -> Result<Self, FormatError> {
        let (algorithm, number) = *ALGORITHMS.iter().find(|(name, _)| *name == signer.algorithm).ok_or(PARAMETERS)?;
        let has_iv = protected.contains_key("iv") || unprotected.contains_key("iv");
        let mut inner = vec![(Cbor::from(ALG), Cbor::from(number))];
        let mut outer = Vec::new();
        let mut crit = None;
        for (name, value) in protected {
            match name.as_str() {
                "crit" => crit = Some(value),
                _ => inner.extend(parameter(signer, name, value, has_iv)?),
            }
        }
        for (name, value) in unprotected.iter().filter(|(name, _)| !protected.contains_key(*name)) {
            match name.as_str() {
                "crit" => crit = Some(value),
                _ => outer.extend(parameter(signer, name, value, has_iv)?),
            }
        }
        if let Some(names) = crit {
            inner.push((CRIT.into(), critical(names, &inner)?));
        }
        if !cbor::each_once(inner.iter().chain(&outer).map(|(label, _)| label)) {
            return Err(PARAMETERS);
        }
        Ok(Self { algorithm, protected: cbor::to_bytes(&Cbor::Map(inner))?, unprotected: Cbor::Map(outer) })
    }

    /// The JOSE name of the algorithm that the header says.
    pub const fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// The bytes to be signed.
    pub fn to_be_signed(&self, payload: &[u8]) -> Vec<u8> {
        sig_structure(&self.protected, payload)
    }

    /// The finished message with its tag. `signature` is in JOSE form, as COSE has it too.
    pub fn message(&self, payload: &[u8], signature: &[u8]) -> Result<Vec<u8>, FormatError> {
        let parts = vec![
            Cbor::Bytes(self.protected.clone()),
            self.unprotected.clone(),
            Cbor::Bytes(payload.to_vec()),
            Cbor::Bytes(signature.to_vec()),
        ];
        cbor::to_bytes(&Cbor::Tag(SIGN1, Box::new(Cbor::Array(parts))))
    }
}

/// The Sig_structure (RFC 9052, section 4.4) without external data.
fn sig_structure(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    array(&[Item::Text("Signature1"), Item::Bytes(protected), Item::Bytes(b""), Item::Bytes(payload)])
}

/// The parameter that a name asks for; none where its value says no.
fn parameter(
    signer: &Signer<'_>,
    name: &str,
    value: &Value,
    has_iv: bool,
) -> Result<Option<(Cbor, Cbor)>, FormatError> {
    let text = || value.as_str().filter(|text| !text.is_empty()).ok_or(PARAMETERS);
    let ascii = || Ok::<_, FormatError>(Cbor::Bytes(text()?.as_bytes().to_vec()));
    let wanted = || is_true(value).ok_or(PARAMETERS);
    Ok(match name {
        "alg" => None,
        "content-type" | "cty" => Some((CONTENT_TYPE.into(), text()?.into())),
        "kid" => Some((KID.into(), Cbor::Bytes(signer.kid.as_bytes().to_vec()))),
        "iv" => Some((IV.into(), ascii()?)),
        "partial-iv" if has_iv => None,
        "partial-iv" => Some((PARTIAL_IV.into(), ascii()?)),
        "includeCertificateChain" if wanted()? => Some((X5CHAIN.into(), chain(signer.certificates))),
        "includeCertificate" if wanted()? => {
            Some((X5CHAIN.into(), chain(signer.certificates.get(..1).unwrap_or_default())))
        }
        "includeCertificateHash" if wanted()? => Some((X5T.into(), Cbor::Bytes(signer.thumbprint.to_vec()))),
        "includeCertificateChain" | "includeCertificate" | "includeCertificateHash" => None,
        "certificateUrl" => Some((X5U.into(), text()?.into())),
        other => {
            let label = label(other);
            // Written as a number it would go round what its name wants.
            if is_known(&label) || label == CRIT.into() {
                return Err(PARAMETERS);
            }
            Some((label, from_json(value)?))
        }
    })
}

fn is_known(label: &Cbor) -> bool {
    KNOWN.iter().any(|known| *label == (*known).into())
}

/// One certificate as it is, several in an array (RFC 9360, section 2).
fn chain(certificates: &[Vec<u8>]) -> Cbor {
    match certificates {
        [one] => Cbor::Bytes(one.clone()),
        several => Cbor::Array(several.iter().cloned().map(Cbor::Bytes).collect()),
    }
}

/// `true`, or the text of it: callers send both.
fn is_true(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(wanted) => Some(*wanted),
        Value::String(text) => Some(text.eq_ignore_ascii_case("true")),
        Value::Null => Some(false),
        _ => None,
    }
}

/// A list with commas as labels, all of which must be in the protected header.
fn critical(names: &Value, protected: &[(Cbor, Cbor)]) -> Result<Cbor, FormatError> {
    let names = names.as_str().ok_or(PARAMETERS)?.split(',').map(str::trim).filter(|name| !name.is_empty());
    let labels: Vec<Cbor> = names.map(label).collect();
    let known = |label: &Cbor| protected.iter().any(|(known, _)| known == label);
    if labels.is_empty() || !labels.iter().all(known) { Err(PARAMETERS) } else { Ok(Cbor::Array(labels)) }
}

/// A message taken apart. Nothing of it may be believed before its signature is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedSign1 {
    protected: Vec<u8>,
    /// The JOSE name of the algorithm in the protected header; none where that says none, or one that we do not know.
    pub algorithm: Option<&'static str>,
    /// `x5chain`, of the protected header if it is there, else of the other: what should be DER, the signer's own first.
    pub certificates: Vec<Vec<u8>>,
    /// Of the protected header if it is there, else of the other.
    pub kid: Option<Vec<u8>>,
    pub payload: Vec<u8>,
    pub signature: Vec<u8>,
}

impl ParsedSign1 {
    /// Reads a message with its tag. Refused: another tag or none, a detached payload, a parameter twice in one map, `crit` that is
    /// not protected or names what we do not know or what is not protected, `x5chain` of another form, more than 1 MiB.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::of(cbor::from_bytes(bytes)?).ok_or(MESSAGE)
    }

    /// As [`ParsedSign1::parse`], from what stood within another tag.
    pub(super) fn of(value: Cbor) -> Option<Self> {
        let Cbor::Tag(SIGN1, inner) = value else { return None };
        let Cbor::Array(parts) = *inner else { return None };
        let Ok([Cbor::Bytes(protected), outer, Cbor::Bytes(payload), Cbor::Bytes(signature)]) =
            <[Cbor; 4]>::try_from(parts)
        else {
            return None;
        };
        // No parameters are written as no bytes (RFC 9052, section 3).
        let inner = if protected.is_empty() { Cbor::Map(Vec::new()) } else { cbor::from_bytes(&protected).ok()? };
        let (inner, outer) = (Members::parse(inner)?, Members::parse(outer)?);
        // It counts only where it is signed (RFC 9052, section 3.1).
        let understood = match (inner.find(CRIT), outer.find(CRIT)) {
            (None, None) => true,
            (Some(Cbor::Array(labels)), None) => {
                !labels.is_empty() && labels.iter().all(|label| is_known(label) && inner.has(label))
            }
            _ => false,
        };
        if !understood {
            return None;
        }
        let find = |label: i64| inner.find(label).or_else(|| outer.find(label)).cloned();
        let number = inner.find(ALG).and_then(Cbor::as_integer);
        let algorithm = ALGORITHMS.iter().find(|(_, known)| number == Some((*known).into())).map(|(name, _)| *name);
        let certificates = match find(X5CHAIN) {
            None => Vec::new(),
            Some(Cbor::Bytes(one)) => vec![one],
            Some(Cbor::Array(items)) if (1..=MAX_CHAIN).contains(&items.len()) => {
                items.into_iter().map(|item| item.into_bytes().ok()).collect::<Option<_>>()?
            }
            Some(_) => return None,
        };
        let kid = match find(KID) {
            None => None,
            Some(kid) => Some(kid.into_bytes().ok()?),
        };
        Some(Self { protected, algorithm, certificates, kid, payload, signature })
    }

    /// What the signature must be over.
    pub fn to_be_signed(&self) -> Vec<u8> {
        sig_structure(&self.protected, &self.payload)
    }
}

#[cfg(test)]
#[path = "cose_tests.rs"]
mod tests;

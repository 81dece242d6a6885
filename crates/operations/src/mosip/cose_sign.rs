//! Sign bytes as a COSE_Sign1, or claims as a CBOR Web Token.

use km_crypto::random;
use km_domain::{RecordId, SecretBytes, Timestamp};
use km_envelope::{EnvelopeError, mosip::cose};
use km_formats::mosip::{
    cose::{Headers, Signer as Said},
    cwt::{self, Claims},
};
use serde_json::{Map, Value};

use super::{
    Certificates, Fault, KeyName,
    current::days,
    jwt_sign::worth_signing,
    renew::rules,
    signer::{Signer, of_today, permitted, recorded},
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// Who signs, and what the headers shall say.
pub struct ToSignCose {
    pub name: KeyName,
    pub protected: Map<String, Value>,
    pub unprotected: Map<String, Value>,
    /// By its JOSE name; empty for the key's own.
    pub algorithm: String,
}

/// What a CBOR Web Token shall say.
#[derive(Default)]
pub struct ToClaim {
    /// Members of a JSON object.
    pub others: Map<String, Value>,
    /// Bytes of claim 169.
    pub claim_169: Option<SecretBytes>,
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub audience: Option<String>,
    /// After the token begins; absent: what configuration says.
    pub expire_days: Option<u32>,
    /// From now; absent: what configuration says.
    pub begin_days: Option<u32>,
    /// `UUID`: a new one.
    pub id: Option<String>,
}

/// A signature in CBOR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoseSigned {
    pub message: Vec<u8>,
    pub now: Timestamp,
}

/// Signs bytes.
///
/// Errors: as of `jws_sign`; headers that cannot be.
pub fn cose_sign(
    operations: &Operations,
    caller: &Caller,
    asked: &ToSignCose,
    payload: &SecretBytes,
) -> Operation<CoseSigned> {
    let keys = operations.keyring.keys();
    let signed = signer(operations, &keys, caller, asked).and_then(|signer| {
        worth_signing(payload.expose(), false)?;
        let message = sign(operations, &keys, caller, &signer, asked, payload.expose())?;
        Ok((signer.alias, CoseSigned { message, now: signer.now }))
    });
    recorded(operations, caller, &keys, signed)
}

/// Signs claims.
///
/// Errors: as of [`cose_sign`]; a claim twice.
pub fn cwt_sign(
    operations: &Operations,
    caller: &Caller,
    asked: &ToSignCose,
    claimed: &ToClaim,
) -> Operation<CoseSigned> {
    let keys = operations.keyring.keys();
    let signed = signer(operations, &keys, caller, asked).and_then(|signer| {
        let payload = claims(operations, claimed, signer.now)?;
        let message = sign(operations, &keys, caller, &signer, asked, payload.expose())?;
        let message = cwt::wrap(&message).map_err(|_| OperationError::Mosip(Fault::NotSigned))?;
        Ok((signer.alias, CoseSigned { message, now: signer.now }))
    });
    recorded(operations, caller, &keys, signed)
}

fn signer<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    asked: &ToSignCose,
) -> Result<Signer<'a>, OperationError> {
    let name = permitted(operations, keys, caller, &asked.name)?;
    of_today(operations, keys, caller, &name)
}

fn sign(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    signer: &Signer<'_>,
    asked: &ToSignCose,
    payload: &[u8],
) -> Result<Vec<u8>, OperationError> {
    let algorithm = signer.algorithm(&asked.algorithm)?;
    let certificates = signer.certificates(keys, caller.tenant(), wanted(asked))?;
    let kid = signer.kid(rules(operations)?, "", payload).unwrap_or_default();
    let said = Said {
        algorithm: algorithm.name(),
        certificates: &certificates,
        thumbprint: signer.alias.thumbprint.unwrap_or_default(),
        kid: &kid,
    };
    let headers = Headers::new(&said, &asked.protected, &asked.unprotected).map_err(|_| {
        OperationError::invalid("protectedHeader", "and unprotectedHeader must be of named parameters, each once")
    })?;
    match cose::sign1(&*operations.keys, signer.key, algorithm, &headers, payload) {
        Err(EnvelopeError::Refused) => Err(OperationError::Mosip(Fault::NotSigned)),
        message => Ok(message?),
    }
}

/// Finding a chain takes time, so only where it is asked for.
fn wanted(asked: &ToSignCose) -> Certificates {
    const CHAIN: &str = "includeCertificateChain";
    let is_asked = asked.protected.contains_key(CHAIN) || asked.unprotected.contains_key(CHAIN);
    if is_asked { Certificates::Chain } else { Certificates::Own }
}

/// The payload of a token that begins and ends as the caller or configuration says.
fn claims(operations: &Operations, claimed: &ToClaim, now: Timestamp) -> Result<SecretBytes, OperationError> {
    let rules = rules(operations)?;
    let begins = now.plus(days(claimed.begin_days.unwrap_or(rules.cwt.begin_days)));
    let ends = begins.plus(days(claimed.expire_days.unwrap_or(rules.cwt.expire_days)));
    let configured = Some(rules.cwt.issuer.as_str()).filter(|issuer| !issuer.is_empty());
    let id = claimed.id.as_ref().map(|id| match id.as_str() {
        "UUID" => RecordId::new(now, random::bytes()).to_string(),
        id => id.to_owned(),
    });
    let claims = Claims {
        issuer: claimed.issuer.as_deref().or(configured),
        subject: claimed.subject.as_deref(),
        audience: claimed.audience.as_deref(),
        expires: ends.seconds(),
        not_before: begins.seconds(),
        issued_at: now.seconds(),
        id: id.as_deref().map(str::as_bytes),
        claim_169: claimed.claim_169.as_ref().map(SecretBytes::expose),
        others: &claimed.others,
    };
    Ok(SecretBytes::new(claims.to_bytes().map_err(|_| OperationError::Mosip(Fault::PayloadMalformed))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(protected: &str, unprotected: &str) -> ToSignCose {
        let map = |name: &str| {
            let member = (!name.is_empty()).then(|| (name.to_owned(), Value::Bool(true)));
            member.into_iter().collect()
        };
        let name = KeyName::kernel_sign();
        ToSignCose { name, protected: map(protected), unprotected: map(unprotected), algorithm: String::new() }
    }

    #[test]
    fn the_chain_is_looked_for_in_both_headers() {
        for (protected, unprotected, expected) in [
            ("", "", Certificates::Own),
            ("includeCertificate", "kid", Certificates::Own),
            ("includeCertificateChain", "", Certificates::Chain),
            ("", "includeCertificateChain", Certificates::Chain),
        ] {
            assert_eq!(wanted(&asked(protected, unprotected)), expected);
        }
    }
}

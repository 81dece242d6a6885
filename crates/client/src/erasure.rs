//! Certificates of erasure, checked up to the pinned evidence root. A registry alone cannot say that a record is erased.

use km_crypto::PublicKey;
use km_domain::{RecordId, RegisterName, TenantId, Timestamp};
use km_envelope::jws as signed;
use km_formats::{base64url, json, jws};
use km_x509::{Certificate, Usage, verify_chain};
use serde::Deserialize;

use crate::ClientError;

const TYP: &str = "sealkeep-erasure+jws";
const STATEMENT: &str = "sealkeep-erasure/1";

/// What a certificate of erasure says, verified.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    statement: String,
    pub tenant: TenantId,
    pub register: RegisterName,
    pub record: RecordId,
    pub erased: Timestamp,
    /// The log, and the index of the event that announced the erasure.
    pub log_origin: String,
    pub log_index: u64,
    pub purpose: String,
    /// "destroyed".
    pub subject_key: String,
    /// "in use" until no backup of the key manager can bring the subject key back.
    pub key_encryption_key: String,
    pub data_root_generation: String,
    /// The signer's chain, DER in base64url, leaf first.
    certificates: Vec<String>,
}

/// Verifies a certificate of erasure (compact JWS) offline.
///
/// Inputs: the certificate; the evidence roots as DER; the present moment.
/// Errors: [`ClientError::NotProven`] if it is no such certificate, its signer's chain does not lead to a root for this use at the
/// time of erasure, or the signature does not verify.
pub fn check_erasure(certificate: &str, roots: &[Vec<u8>], now: Timestamp) -> Result<Erasure, ClientError> {
    const MALFORMED: ClientError = ClientError::NotProven("it is no certificate of erasure");
    let parsed = jws::parse(certificate.trim()).map_err(|_| MALFORMED)?;
    parsed.expect_typ(TYP).map_err(|_| MALFORMED)?;
    let value = json::strict(parsed.payload.expose()).map_err(|_| MALFORMED)?;
    let erasure: Erasure = serde_json::from_value(value).map_err(|_| MALFORMED)?;
    if erasure.statement != STATEMENT || erasure.subject_key != "destroyed" || erasure.erased > now {
        return Err(MALFORMED);
    }
    let chain = erasure.certificates.iter().map(|der| base64url::decode(der).map_err(|_| MALFORMED));
    let chain = chain.collect::<Result<Vec<_>, _>>()?;
    let (leaf, above) = chain.split_first().ok_or(MALFORMED)?;
    const FOREIGN: ClientError = ClientError::NotProven("its signer is not certified by the evidence root");
    verify_chain(leaf, above, roots, erasure.erased, Usage::EmailProtection, &[]).map_err(|_| FOREIGN)?;
    let signer: PublicKey = Certificate::from_der(leaf).map_err(|_| FOREIGN)?.public_key;
    signed::verify(&parsed, &signer).map_err(|_| ClientError::NotProven("its signature does not verify"))?;
    Ok(erasure)
}

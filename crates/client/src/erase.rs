//! Asking for the erasure of records.

use km_domain::{RecordId, RegisterName, TenantId, Timestamp};

use crate::{
    ClientError, KeyFile, jose,
    statement::{Payload, Records, Statement, nonce},
};

const REQUEST: &str = "sealkeep-erase+jws";

/// Builds the signed request.
pub fn erase_request(
    key: &KeyFile,
    tenant: &TenantId,
    register: &RegisterName,
    records: &[RecordId],
    statement: &Statement,
    now: Timestamp,
) -> Result<String, ClientError> {
    let nonce = nonce();
    let payload = Payload::new(tenant, register, Records { records }, statement, &nonce, now).to_bytes();
    jose::sign(key, REQUEST, &payload)
}

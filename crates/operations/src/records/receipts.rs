//! Receipts: what a sender can hold the registry to.

use km_storage::Placed;
use serde_json::Value;

use super::Sealed;
use crate::{Caller, OperationError, Operations, keys::names};

/// One receipt for each item, signed by the answer key once the seals are in the log: the sender can hold the registry to
/// it. Empty where nothing of the item was sealed.
pub fn receipts(
    operations: &Operations,
    caller: &Caller,
    sealed: &Sealed,
    placed: Placed,
) -> Result<Vec<String>, OperationError> {
    let keys = operations.keyring.keys();
    let answer = keys.of_tenant(caller.tenant(), names::ANSWER)?.current()?;
    let iat = operations.clock.now().seconds();
    sealed
        .receipts
        .iter()
        .enumerate()
        .map(|(at, draft)| {
            if draft.records.is_empty() {
                return Ok(String::new());
            }
            let records: Vec<Value> = draft
                .records
                .iter()
                .map(|(record, version)| serde_json::json!({ "record": record, "version": version }))
                .collect();
            let payload = serde_json::json!({
                "tenant": caller.tenant(),
                "register": draft.register,
                "records": records,
                "nonce": draft.nonce,
                "log_index": placed.log_index + at as u64,
                "iat": iat,
            });
            Ok(km_envelope::jws::sign(
                &*operations.keys,
                &answer.stored,
                &answer.stored.name.to_string(),
                "sealkeep-receipt+jws",
                payload.to_string().as_bytes(),
            )?)
        })
        .collect()
}

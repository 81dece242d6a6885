//! A caller's word that two requests are one (`Idempotency-Key`): the thing is done once, and both get the same answer.
//!
//! The answer is kept for 24 hours in the transaction that does the thing. Only successes are kept: what was refused changed
//! nothing and may be corrected. An operation whose answer holds a secret is never kept, and need not be: it changes nothing.

use std::time::Duration;

use km_crypto::digest::sha256;
use km_storage::IdempotencyRow;

use crate::{Caller, Operation, OperationError, Operations};

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Whose key it is, which, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    principal: String,
    key: String,
    digest: Vec<u8>,
}

/// An answer that can be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
}

impl RequestKey {
    /// `request`: everything that makes the request what it is, route and body. Only its digest is kept.
    pub fn new(caller: &Caller, key: &str, request: &str) -> Self {
        Self {
            principal: format!("{} {}", caller.tenant(), caller.principal.name()),
            key: key.to_owned(),
            digest: sha256(request.as_bytes()).to_vec(),
        }
    }
}

/// The answer that this request had before, if it was made before.
///
/// Errors: the key stands for another request.
pub fn kept(operations: &Operations, request: &RequestKey) -> Result<Option<KeptAnswer>, OperationError> {
    let row = operations.storage.kept_answer(&request.principal, &request.key, operations.clock.now())?;
    let Some(row) = row else { return Ok(None) };
    if row.body_digest != request.digest {
        return Err(OperationError::refused(
            "idempotency-key-reused",
            "this Idempotency-Key was used with another route or body",
        ));
    }
    let status =
        u16::try_from(row.status).map_err(|_| OperationError::Unavailable("a kept answer is damaged".into()))?;
    Ok(Some(KeptAnswer { status, body: row.answer }))
}

/// The operation, with its answer kept should it succeed. Should an equal request be faster, this one changes nothing and ends in
/// a conflict; [`kept`] then has the answer.
pub fn keep<T>(
    operations: &Operations,
    operation: Operation<T>,
    request: &RequestKey,
    answer: impl FnOnce(&T) -> KeptAnswer,
) -> Operation<T> {
    let now = operations.clock.now();
    operation.keeping(
        |done| {
            let KeptAnswer { status, body } = answer(done);
            IdempotencyRow {
                principal: request.principal.clone(),
                key: request.key.clone(),
                body_digest: request.digest.clone(),
                status: i64::from(status),
                answer: body,
                expires: now.plus(KEPT).micros(),
            }
        },
        now,
    )
}

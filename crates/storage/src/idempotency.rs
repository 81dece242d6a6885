//! Answers kept for callers who send the same request twice (`Idempotency-Key`). An answer becomes durable in the same
//! transaction as what it tells of, so that no crash and no second request in between can separate the two.

use diesel::prelude::*;
use km_audit::{Event, Outcome};
use km_domain::Timestamp;

use crate::{Storage, StorageError, Unrecorded, Write, schema::idempotency, write::unique};

/// The conflict of a key under which an answer was kept a moment ago.
pub(crate) const KEPT_MEANWHILE: &str = "idempotency-key-in-use";

/// One kept answer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = idempotency)]
pub struct IdempotencyRow {
    /// Tenant and name of the caller: a key means nothing for anybody else.
    pub principal: String,
    pub key: String,
    /// Of the request that the key stands for.
    pub body_digest: Vec<u8>,
    pub status: i64,
    pub answer: Vec<u8>,
    pub expires: i64,
}

impl Storage {
    /// The answer that was kept under this key and has not expired.
    pub fn kept_answer(
        &self,
        principal: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRow>, StorageError> {
        let row = idempotency::table
            .find((principal, key))
            .filter(idempotency::expires.gt(now.micros()))
            .get_result::<IdempotencyRow>(&mut *self.connection()?)
            .optional()?;
        Ok(row)
    }
}

impl Write {
    fn keep_answer(row: IdempotencyRow, now: Timestamp) -> Self {
        Self::new(move |db, _| {
            let old = idempotency::table.filter(idempotency::expires.le(now.micros()));
            diesel::delete(old).execute(db)?;
            unique(diesel::insert_into(idempotency::table).values(&row).execute(db), KEPT_MEANWHILE)
        })
    }
}

/// The event of a conflict, with the key as its reason where it was the key, whatever conflict the operation reckoned with.
pub(crate) fn explained(event: Event, code: &'static str) -> Event {
    if code == KEPT_MEANWHILE { Event { reason: Some(code.to_owned()), ..event } } else { event }
}

impl<T, E> Unrecorded<Result<T, E>> {
    /// Keeps the answer of a success beside its changes. Before any of them: of two equal requests at once the second
    /// meets the conflict `idempotency-key-in-use` and changes nothing; its event, if it has one, says so.
    pub fn keeping(mut self, answer: impl FnOnce(&T) -> IdempotencyRow, now: Timestamp) -> Self {
        if let Ok(done) = &self.outcome {
            self.writes.insert(0, Write::keep_answer(answer(done), now));
            if self.on_conflict.is_none() {
                self.on_conflict =
                    self.events.first().map(|event| Event { outcome: Outcome::Refused, ..event.clone() });
            }
        }
        self
    }
}

//! Answers kept for callers who send the same request twice (`Idempotency-Key`).

use diesel::prelude::*;
use km_domain::Timestamp;

use crate::{Storage, StorageError, Write, schema::idempotency, write::unique};

/// One kept answer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = idempotency)]
pub struct IdempotencyRow {
    pub principal: String,
    pub key: String,
    pub body_digest: Vec<u8>,
    pub status: i64,
    pub answer: Vec<u8>,
    pub expires: i64,
}

impl Storage {
    pub fn kept_answer(
        &self,
        principal: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRow>, StorageError> {
        let row = idempotency::table
            .find((principal, key))
            .filter(idempotency::expires.gt(now.micros()))
            .first::<IdempotencyRow>(&mut *self.connection()?)
            .optional()?;
        Ok(row)
    }
}

impl Write {
    pub fn keep_answer(row: IdempotencyRow, now: Timestamp) -> Self {
        Self::new(move |db, _| {
            let old = idempotency::table.filter(idempotency::expires.le(now.micros()));
            diesel::delete(old).execute(db)?;
            unique(diesel::insert_into(idempotency::table).values(&row).execute(db), "idempotency-key-in-use")
        })
    }
}

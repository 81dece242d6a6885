//! Idempotency keys: the same key with the same body gets the same answer for a day, across restarts and replicas.

use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as QueryError},
};
use km_database::Db;
use km_domain::Timestamp;

use super::{StoreError, schema::idempotency_keys};

/// Whose key it is, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    pub tenant: String,
    pub caller: String,
    pub key: String,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// First use: go on, then [`finish`] or [`abandon`].
    New,
    /// The call is still running, or broke off without a trace.
    Running,
    /// It was used with another body.
    OtherBody,
    Answered {
        status: i32,
        answer: String,
    },
}

#[derive(Insertable)]
#[diesel(table_name = idempotency_keys)]
struct NewRow<'a> {
    tenant: &'a str,
    caller: &'a str,
    idempotency_key: &'a str,
    digest: &'a [u8],
    expires: i64,
}

/// Takes the key for a call, until `expires` if it gets no answer.
pub fn begin(
    db: &mut Db,
    key: &IdempotencyKey,
    digest: &[u8],
    now: Timestamp,
    expires: Timestamp,
) -> Result<Begun, StoreError> {
    let row = idempotency_keys::table.find((&key.tenant, &key.caller, &key.key));
    diesel::delete(row.filter(idempotency_keys::expires.le(now.micros()))).execute(db)?;
    let there: Option<(Vec<u8>, Option<i32>, Option<String>)> = row
        .select((idempotency_keys::digest, idempotency_keys::status, idempotency_keys::answer))
        .first(db)
        .optional()?;
    match there {
        Some((before, _, _)) if before != digest => Ok(Begun::OtherBody),
        Some((_, Some(status), Some(answer))) => Ok(Begun::Answered { status, answer }),
        Some(_) => Ok(Begun::Running),
        None => {
            let new = NewRow {
                tenant: &key.tenant,
                caller: &key.caller,
                idempotency_key: &key.key,
                digest,
                expires: expires.micros(),
            };
            let inserted = db.transaction(|db| diesel::insert_into(idempotency_keys::table).values(new).execute(db));
            match inserted {
                Ok(_) => Ok(Begun::New),
                Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Begun::Running),
                Err(error) => Err(error.into()),
            }
        }
    }
}

/// Keeps the answer.
pub fn finish(
    db: &mut Db,
    key: &IdempotencyKey,
    status: i32,
    answer: &str,
    expires: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(idempotency_keys::table.find((&key.tenant, &key.caller, &key.key)))
        .set((
            idempotency_keys::status.eq(Some(status)),
            idempotency_keys::answer.eq(Some(answer)),
            idempotency_keys::expires.eq(expires.micros()),
        ))
        .execute(db)?;
    Ok(())
}

/// Gives the key back: the call changed nothing and may be made again.
pub fn abandon(db: &mut Db, key: &IdempotencyKey) -> Result<(), StoreError> {
    let row =
        idempotency_keys::table.find((&key.tenant, &key.caller, &key.key)).filter(idempotency_keys::status.is_null());
    diesel::delete(row).execute(db)?;
    Ok(())
}

/// Forgets what has expired.
pub fn sweep(db: &mut Db, now: Timestamp) -> Result<usize, StoreError> {
    Ok(diesel::delete(idempotency_keys::table.filter(idempotency_keys::expires.le(now.micros()))).execute(db)?)
}

//! Enrolled keys of readers and senders, and the nonces that they have used.

use std::time::Duration;

use diesel::prelude::*;
use km_domain::{TenantId, Timestamp};

use crate::{
    Storage, StorageError, Write,
    schema::{reader_key, used_nonce},
    write::{changed, unique},
};

/// Nonces are kept so much longer than they need be. A clock that runs ahead by less, forgets some and is set back, lets no
/// request in a second time.
const CLOCKS_WRONG_BY: Duration = Duration::from_secs(2 * 60 * 60);

/// One enrolled key.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = reader_key)]
pub struct ReaderRow {
    pub tenant: String,
    /// RFC 7638 thumbprint: the key's `kid`.
    pub thumbprint: String,
    /// `ISSUER#SUBJECT` of its holder.
    pub principal: String,
    /// SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    /// `waiting`, `active` or `revoked`.
    pub state: String,
    pub approved_by: String,
    pub created: i64,
    pub integrity: Vec<u8>,
}

impl ReaderRow {
    /// The bytes that the row's integrity code covers.
    pub fn covered(&self) -> Vec<u8> {
        crate::keys::joined(&[
            b"reader_key/1",
            self.tenant.as_bytes(),
            self.thumbprint.as_bytes(),
            self.principal.as_bytes(),
            &self.public_key,
            self.state.as_bytes(),
            self.approved_by.as_bytes(),
            &self.created.to_be_bytes(),
        ])
    }
}

impl Storage {
    pub fn reader_key(&self, tenant: &TenantId, thumbprint: &str) -> Result<Option<ReaderRow>, StorageError> {
        let row = reader_key::table.find((tenant.as_str(), thumbprint)).first(&mut *self.connection()?).optional()?;
        Ok(row)
    }

    pub fn reader_keys(&self, tenant: &TenantId) -> Result<Vec<ReaderRow>, StorageError> {
        let rows = reader_key::table
            .filter(reader_key::tenant.eq(tenant.as_str()))
            .order((reader_key::created, reader_key::thumbprint))
            .limit(1000)
            .load(&mut *self.connection()?)?;
        Ok(rows)
    }

    pub fn reader_keys_of(&self, tenant: &TenantId, principal: &str) -> Result<Vec<ReaderRow>, StorageError> {
        let rows = reader_key::table
            .filter(reader_key::tenant.eq(tenant.as_str()))
            .filter(reader_key::principal.eq(principal))
            .order(reader_key::created)
            .load(&mut *self.connection()?)?;
        Ok(rows)
    }
}

impl Write {
    pub fn insert_reader_key(row: ReaderRow) -> Self {
        Self::new(move |db, _| {
            unique(diesel::insert_into(reader_key::table).values(&row).execute(db), "key-already-enrolled")
        })
    }

    /// Replaces the row of a key that still waits.
    pub fn approve_reader_key(row: ReaderRow) -> Self {
        Self::new(move |db, _| {
            let waiting =
                reader_key::table.find((&row.tenant, &row.thumbprint)).filter(reader_key::state.eq("waiting"));
            let set = (
                reader_key::state.eq(&row.state),
                reader_key::approved_by.eq(&row.approved_by),
                reader_key::integrity.eq(&row.integrity),
            );
            changed(diesel::update(waiting).set(set).execute(db), "enrolment-not-waiting")
        })
    }

    /// Uses a nonce up; a second use is the conflict `replayed`.
    pub fn use_nonce(principal: &str, nonce: &str, expires: Timestamp, now: Timestamp) -> Self {
        let row = (
            used_nonce::principal.eq(principal.to_owned()),
            used_nonce::nonce.eq(nonce.to_owned()),
            used_nonce::expires.eq(expires.micros()),
        );
        Self::new(move |db, _| {
            let old = used_nonce::table.filter(used_nonce::expires.lt(now.minus(CLOCKS_WRONG_BY).micros()));
            diesel::delete(old).execute(db)?;
            unique(diesel::insert_into(used_nonce::table).values(row).execute(db), "replayed")
        })
    }
}

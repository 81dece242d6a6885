//! Keys and their versions. What the rows mean is `operations`' business; here they are columns.

use diesel::prelude::*;
use km_domain::Timestamp;

use crate::{
    Storage, StorageError, Write,
    schema::{gcm_reservation, key, key_version},
    write::{changed, unique},
};

/// One key, all its versions together.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = key)]
pub struct KeyRow {
    pub tenant: String,
    pub id: String,
    pub purpose: String,
    pub algorithm: String,
    /// JSON list of role names.
    pub roles: String,
    pub register: String,
    pub field: String,
    pub index_kind: String,
    pub created: i64,
    pub integrity: Vec<u8>,
}

impl KeyRow {
    /// The bytes that the row's integrity code covers.
    pub fn covered(&self) -> Vec<u8> {
        joined(&[
            b"key/1",
            self.tenant.as_bytes(),
            self.id.as_bytes(),
            self.purpose.as_bytes(),
            self.algorithm.as_bytes(),
            self.roles.as_bytes(),
            self.register.as_bytes(),
            self.field.as_bytes(),
            self.index_kind.as_bytes(),
            &self.created.to_be_bytes(),
        ])
    }
}

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = key_version)]
pub struct VersionRow {
    pub tenant: String,
    pub key_id: String,
    pub version: i64,
    pub state: String,
    /// `resident` or `wrapped`.
    pub residence: String,
    /// CKA_ID of the object, or of the root that wraps the key.
    pub object: Vec<u8>,
    pub mechanism: String,
    pub blob: Vec<u8>,
    /// SubjectPublicKeyInfo, DER; empty for a symmetric key.
    pub public_key: Vec<u8>,
    /// DER certificates one after the other, leaf first.
    pub certificates: Vec<u8>,
    pub created: i64,
    pub activated: i64,
    pub deactivated: Option<i64>,
    /// Index of the event that made the version; filled in when written, and never changed.
    pub born_at: i64,
    /// Index of the event that made the row what it is; filled in when written.
    pub log_index: i64,
    pub integrity: Vec<u8>,
}

impl VersionRow {
    /// The bytes that the row's integrity code covers: everything but the code and the log indexes, which are known only
    /// when the code is made already.
    pub fn covered(&self) -> Vec<u8> {
        joined(&[
            b"key_version/1",
            self.tenant.as_bytes(),
            self.key_id.as_bytes(),
            &self.version.to_be_bytes(),
            self.state.as_bytes(),
            self.residence.as_bytes(),
            &self.object,
            self.mechanism.as_bytes(),
            &self.blob,
            &self.public_key,
            &self.certificates,
            &self.created.to_be_bytes(),
            &self.activated.to_be_bytes(),
            &self.deactivated.unwrap_or(-1).to_be_bytes(),
        ])
    }
}

/// Columns one after the other, each with its length before it, so that no two rows give the same bytes.
pub(crate) fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.iter().copied())).collect()
}

impl Storage {
    pub fn keys(&self) -> Result<Vec<KeyRow>, StorageError> {
        Ok(key::table.order((key::tenant, key::id)).load(&mut *self.connection()?)?)
    }

    pub fn key_versions(&self) -> Result<Vec<VersionRow>, StorageError> {
        let order = (key_version::tenant, key_version::key_id, key_version::version);
        Ok(key_version::table.order(order).load(&mut *self.connection()?)?)
    }
}

impl Write {
    pub fn insert_key(row: KeyRow) -> Self {
        Self::new(move |db, _| unique(diesel::insert_into(key::table).values(&row).execute(db), "key-exists"))
    }

    pub fn insert_key_version(row: VersionRow) -> Self {
        Self::new(move |db, placed| {
            let log_index = i64::try_from(placed.log_index).unwrap_or(i64::MAX);
            let row = VersionRow { born_at: log_index, log_index, ..row };
            unique(diesel::insert_into(key_version::table).values(&row).execute(db), "key-version-exists")
        })
    }

    /// Replaces a version's row, provided that it is still in the state `was`.
    pub fn update_key_version(row: VersionRow, was: &str) -> Self {
        let was = was.to_owned();
        Self::new(move |db, placed| {
            let target =
                key_version::table.find((&row.tenant, &row.key_id, row.version)).filter(key_version::state.eq(was));
            let set = (
                key_version::state.eq(&row.state),
                key_version::blob.eq(&row.blob),
                key_version::certificates.eq(&row.certificates),
                key_version::activated.eq(row.activated),
                key_version::deactivated.eq(row.deactivated),
                key_version::log_index.eq(i64::try_from(placed.log_index).unwrap_or(i64::MAX)),
                key_version::integrity.eq(&row.integrity),
            );
            changed(diesel::update(target).set(set).execute(db), "key-version-changed")
        })
    }

    /// Reserves AES-GCM calls under a key version, up to `limit` in all (NIST SP 800-38D, section 8.3).
    pub fn reserve_gcm(tenant: &str, key_id: &str, version: u32, block: i64, limit: i64) -> Self {
        let (tenant, key_id, version) = (tenant.to_owned(), key_id.to_owned(), i64::from(version));
        Self::new(move |db, _| {
            let row = gcm_reservation::table.find((&tenant, &key_id, version));
            let held: Option<i64> = row.select(gcm_reservation::reserved).get_result(db).optional()?;
            match held {
                Some(held) if held + block > limit => Err(crate::WriteFault::Conflict("gcm-limit-reached")),
                Some(_) => {
                    let set = gcm_reservation::reserved.eq(gcm_reservation::reserved + block);
                    diesel::update(row).set(set).execute(db)?;
                    Ok(())
                }
                None => {
                    let first = (
                        gcm_reservation::tenant.eq(&tenant),
                        gcm_reservation::key_id.eq(&key_id),
                        gcm_reservation::version.eq(version),
                        gcm_reservation::reserved.eq(block),
                    );
                    diesel::insert_into(gcm_reservation::table).values(first).execute(db)?;
                    Ok(())
                }
            }
        })
    }
}

impl VersionRow {
    pub fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created)
    }
}

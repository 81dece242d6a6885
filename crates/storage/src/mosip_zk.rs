//! The MOSIP dialect's random keys, wrapped.

use diesel::prelude::*;

use crate::{Storage, StorageError, Write, keys::joined, schema::mosip_zk_key, write::unique};

/// One of the random keys of `zkEncrypt`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = mosip_zk_key)]
pub struct MosipZkKeyRow {
    pub tenant: String,
    pub number: i64,
    /// 1 or 0.
    pub active: i64,
    pub key_id: String,
    pub version: i64,
    pub wrapped: Vec<u8>,
    /// Index of the event that made the row what it is; filled in when written.
    pub log_index: i64,
    pub integrity: Vec<u8>,
}

impl MosipZkKeyRow {
    /// The bytes that the row's integrity code covers.
    pub fn covered(&self) -> Vec<u8> {
        joined(&[
            b"mosip_zk_key/1",
            self.tenant.as_bytes(),
            &self.number.to_be_bytes(),
            &self.active.to_be_bytes(),
            self.key_id.as_bytes(),
            &self.version.to_be_bytes(),
            &self.wrapped,
        ])
    }
}

impl Storage {
    /// All of them, each tenant's in the order of their numbers.
    pub fn mosip_zk_keys(&self) -> Result<Vec<MosipZkKeyRow>, StorageError> {
        let order = (mosip_zk_key::tenant, mosip_zk_key::number);
        Ok(mosip_zk_key::table.order(order).load(&mut *self.connection()?)?)
    }
}

impl Write {
    /// A conflict where a tenant has one of these numbers already.
    pub fn insert_mosip_zk_keys(rows: Vec<MosipZkKeyRow>) -> Self {
        Self::new(move |db, placed| {
            let log_index = i64::try_from(placed.log_index).unwrap_or(i64::MAX);
            for row in rows {
                let row = MosipZkKeyRow { log_index, ..row };
                unique(diesel::insert_into(mosip_zk_key::table).values(&row).execute(db), "mosip-zk-key-exists")?;
            }
            Ok(())
        })
    }
}

//! The MOSIP dialect's license keys, by their digests.

use diesel::prelude::*;

use crate::{
    Storage, StorageError, Write,
    keys::joined,
    schema::mosip_license,
    write::{changed, unique},
};

/// A license key of a provider, and what it permits.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = mosip_license)]
pub struct MosipLicenseRow {
    pub tenant: String,
    /// Lower-case hexadecimal SHA-256 of the license key.
    pub digest: String,
    pub provider: String,
    pub expires: i64,
    /// Names with commas between.
    pub permissions: String,
    /// Index of the event that made the row what it is; filled in when written.
    pub log_index: i64,
    pub integrity: Vec<u8>,
}

impl MosipLicenseRow {
    /// The bytes that the row's integrity code covers.
    pub fn covered(&self) -> Vec<u8> {
        joined(&[
            b"mosip_license/1",
            self.tenant.as_bytes(),
            self.digest.as_bytes(),
            self.provider.as_bytes(),
            &self.expires.to_be_bytes(),
            self.permissions.as_bytes(),
        ])
    }
}

impl Storage {
    pub fn mosip_license(&self, tenant: &str, digest: &str) -> Result<Option<MosipLicenseRow>, StorageError> {
        Ok(mosip_license::table.find((tenant, digest)).first(&mut *self.connection()?).optional()?)
    }
}

impl Write {
    pub fn insert_mosip_license(row: MosipLicenseRow) -> Self {
        Self::new(move |db, placed| {
            let row = MosipLicenseRow { log_index: i64::try_from(placed.log_index).unwrap_or(i64::MAX), ..row };
            unique(diesel::insert_into(mosip_license::table).values(&row).execute(db), "mosip-license-exists")
        })
    }

    /// Sets what a license key permits, provided that nobody else did since it was read with the code `was`.
    pub fn update_mosip_license(row: MosipLicenseRow, was: Vec<u8>) -> Self {
        Self::new(move |db, placed| {
            let target = mosip_license::table.find((&row.tenant, &row.digest)).filter(mosip_license::integrity.eq(was));
            let set = (
                mosip_license::permissions.eq(&row.permissions),
                mosip_license::log_index.eq(i64::try_from(placed.log_index).unwrap_or(i64::MAX)),
                mosip_license::integrity.eq(&row.integrity),
            );
            changed(diesel::update(target).set(set).execute(db), "mosip-license-changed")
        })
    }
}

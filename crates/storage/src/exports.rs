//! Finished export bundles.

use diesel::prelude::*;
use km_domain::TenantId;

use crate::{Storage, StorageError, Write, schema::export, write::unique};

/// One export, with its bundle.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = export)]
pub struct ExportRow {
    pub id: String,
    pub tenant: String,
    pub requester: String,
    pub created: i64,
    pub bundle: Vec<u8>,
}

impl Storage {
    pub fn export(&self, tenant: &TenantId, id: &str) -> Result<Option<ExportRow>, StorageError> {
        let row = export::table
            .find(id)
            .filter(export::tenant.eq(tenant.as_str()))
            .get_result::<ExportRow>(&mut *self.connection()?)
            .optional()?;
        Ok(row)
    }
}

impl Write {
    pub fn insert_export(row: ExportRow) -> Self {
        Self::new(move |db, _| unique(diesel::insert_into(export::table).values(&row).execute(db), "export-exists"))
    }
}

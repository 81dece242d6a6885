//! Tenants.

use diesel::prelude::*;
use km_domain::{TenantId, Timestamp};

use crate::{Storage, StorageError, Write, schema::tenant, write::unique};

impl Storage {
    pub fn tenants(&self) -> Result<Vec<TenantId>, StorageError> {
        let names: Vec<String> =
            tenant::table.select(tenant::name).order(tenant::name).load(&mut *self.connection()?)?;
        names.into_iter().map(|name| name.parse().map_err(|_| StorageError::Damaged("tenant"))).collect()
    }
}

impl Write {
    pub fn insert_tenant(name: &TenantId, now: Timestamp) -> Self {
        let row = (tenant::name.eq(name.to_string()), tenant::created.eq(now.micros()));
        Self::new(move |db, _| unique(diesel::insert_into(tenant::table).values(row).execute(db), "tenant-exists"))
    }
}

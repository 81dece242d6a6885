//! Policies and aliases of the MOSIP dialect. What the rows mean is `operations`' business; here they are columns.

use diesel::prelude::*;

use crate::{
    Storage, StorageError, Write,
    keys::joined,
    schema::{mosip_alias, mosip_policy},
    write::{changed, unique},
};

/// The policy of one application id.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = mosip_policy)]
pub struct MosipPolicyRow {
    pub tenant: String,
    pub application: String,
    pub valid_days: i64,
    pub early_days: i64,
    /// 1 or 0.
    pub active: i64,
    pub access: String,
    /// Index of the event that made the row what it is; filled in when written.
    pub log_index: i64,
    pub integrity: Vec<u8>,
}

impl MosipPolicyRow {
    /// The bytes that the row's integrity code covers.
    pub fn covered(&self) -> Vec<u8> {
        joined(&[
            b"mosip_policy/1",
            self.tenant.as_bytes(),
            self.application.as_bytes(),
            &self.valid_days.to_be_bytes(),
            &self.early_days.to_be_bytes(),
            &self.active.to_be_bytes(),
            self.access.as_bytes(),
        ])
    }
}

/// One version of the key of an application id and a reference id.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = mosip_alias)]
pub struct MosipAliasRow {
    pub tenant: String,
    pub id: String,
    pub application: String,
    pub reference: String,
    pub kind: String,
    pub key_id: String,
    pub version: i64,
    pub generated: i64,
    pub expires: i64,
    pub thumbprint: String,
    pub unique_id: Option<String>,
    /// DER; empty for a symmetric key.
    pub certificate: Vec<u8>,
    /// Index of the event that made the row what it is; filled in when written.
    pub log_index: i64,
    pub integrity: Vec<u8>,
}

impl MosipAliasRow {
    /// The bytes that the row's integrity code covers.
    pub fn covered(&self) -> Vec<u8> {
        joined(&[
            b"mosip_alias/1",
            self.tenant.as_bytes(),
            self.id.as_bytes(),
            self.application.as_bytes(),
            self.reference.as_bytes(),
            self.kind.as_bytes(),
            self.key_id.as_bytes(),
            &self.version.to_be_bytes(),
            &self.generated.to_be_bytes(),
            &self.expires.to_be_bytes(),
            self.thumbprint.as_bytes(),
            self.unique_id.as_deref().unwrap_or_default().as_bytes(),
            &self.certificate,
        ])
    }
}

impl Storage {
    pub fn mosip_policies(&self) -> Result<Vec<MosipPolicyRow>, StorageError> {
        Ok(mosip_policy::table.load(&mut *self.connection()?)?)
    }

    /// All aliases, each name's oldest first.
    pub fn mosip_aliases(&self) -> Result<Vec<MosipAliasRow>, StorageError> {
        let order = (mosip_alias::generated, mosip_alias::id);
        Ok(mosip_alias::table.order(order).load(&mut *self.connection()?)?)
    }
}

impl Write {
    /// Sets the policy of an application id: a new one, or in place of the former.
    pub fn set_mosip_policy(row: MosipPolicyRow) -> Self {
        Self::new(move |db, placed| {
            let row = MosipPolicyRow { log_index: i64::try_from(placed.log_index).unwrap_or(i64::MAX), ..row };
            let known = mosip_policy::table.find((&row.tenant, &row.application));
            if diesel::update(known).set(&row).execute(db)? == 0 {
                diesel::insert_into(mosip_policy::table).values(&row).execute(db)?;
            }
            Ok(())
        })
    }

    /// Changes nothing: a conflict where the aliases of a name are not exactly those with these integrity codes, which whoever
    /// planned a change has seen.
    pub fn if_mosip_aliases_are(
        tenant: String,
        application: String,
        reference: String,
        mut seen: Vec<Vec<u8>>,
    ) -> Self {
        seen.sort();
        Self::new(move |db, _| {
            let of_name = mosip_alias::table
                .filter(mosip_alias::tenant.eq(tenant))
                .filter(mosip_alias::application.eq(application))
                .filter(mosip_alias::reference.eq(reference));
            let mut found: Vec<Vec<u8>> = of_name.select(mosip_alias::integrity).load(db)?;
            found.sort();
            if found == seen { Ok(()) } else { Err(crate::WriteFault::Conflict("mosip-aliases-changed")) }
        })
    }

    pub fn insert_mosip_alias(row: MosipAliasRow) -> Self {
        Self::new(move |db, placed| {
            let row = MosipAliasRow { log_index: i64::try_from(placed.log_index).unwrap_or(i64::MAX), ..row };
            unique(diesel::insert_into(mosip_alias::table).values(&row).execute(db), "mosip-alias-exists")
        })
    }

    /// Replaces what may change of an alias (its times, and the certificate with what comes of it), provided that nobody
    /// else did since it was read with the code `was`.
    pub fn update_mosip_alias(row: MosipAliasRow, was: Vec<u8>) -> Self {
        Self::new(move |db, placed| {
            let target = mosip_alias::table.find((&row.tenant, &row.id)).filter(mosip_alias::integrity.eq(was));
            let set = (
                mosip_alias::generated.eq(row.generated),
                mosip_alias::expires.eq(row.expires),
                mosip_alias::thumbprint.eq(&row.thumbprint),
                mosip_alias::unique_id.eq(&row.unique_id),
                mosip_alias::certificate.eq(&row.certificate),
                mosip_alias::log_index.eq(i64::try_from(placed.log_index).unwrap_or(i64::MAX)),
                mosip_alias::integrity.eq(&row.integrity),
            );
            match diesel::update(target).set(set).execute(db) {
                Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)) => {
                    Err(crate::WriteFault::Conflict("mosip-alias-exists"))
                }
                done => changed(done, "mosip-alias-changed"),
            }
        })
    }
}

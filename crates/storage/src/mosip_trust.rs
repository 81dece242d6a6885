//! The MOSIP dialect's trust stores: certificates of authorities and partners of a domain, and the authorities' revocation lists.

use diesel::prelude::*;

use crate::{
    Storage, StorageError, Write,
    keys::joined,
    schema::{mosip_authority, mosip_partner, mosip_revocation_list},
    write::unique,
};

/// The certificate of an authority in the trust store of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = mosip_authority)]
pub struct MosipAuthorityRow {
    pub tenant: String,
    pub id: String,
    pub domain: String,
    pub kind: String,
    pub issuer_id: String,
    pub thumbprint: String,
    /// DER.
    pub certificate: Vec<u8>,
    pub created: i64,
    /// Index of the event that made the row what it is; filled in when written.
    pub log_index: i64,
    pub integrity: Vec<u8>,
}

impl MosipAuthorityRow {
    /// The bytes that the row's integrity code covers.
    pub fn covered(&self) -> Vec<u8> {
        joined(&[
            b"mosip_authority/1",
            self.tenant.as_bytes(),
            self.id.as_bytes(),
            self.domain.as_bytes(),
            self.kind.as_bytes(),
            self.issuer_id.as_bytes(),
            self.thumbprint.as_bytes(),
            &self.certificate,
            &self.created.to_be_bytes(),
        ])
    }
}

/// A partner's own certificate and the one that we issued for its key.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = mosip_partner)]
pub struct MosipPartnerRow {
    pub tenant: String,
    pub id: String,
    pub domain: String,
    pub organization: String,
    pub issuer_id: String,
    pub thumbprint: String,
    /// DER.
    pub certificate: Vec<u8>,
    /// DER.
    pub issued: Vec<u8>,
    pub created: i64,
    /// Index of the event that made the row what it is; filled in when written.
    pub log_index: i64,
    pub integrity: Vec<u8>,
}

impl MosipPartnerRow {
    /// The bytes that the row's integrity code covers.
    pub fn covered(&self) -> Vec<u8> {
        joined(&[
            b"mosip_partner/1",
            self.tenant.as_bytes(),
            self.id.as_bytes(),
            self.domain.as_bytes(),
            self.organization.as_bytes(),
            self.issuer_id.as_bytes(),
            self.thumbprint.as_bytes(),
            &self.certificate,
            &self.issued,
            &self.created.to_be_bytes(),
        ])
    }
}

/// The newest revocation list of an authority.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = mosip_revocation_list)]
pub struct MosipRevocationListRow {
    pub tenant: String,
    pub domain: String,
    pub issuer: String,
    pub scope: String,
    /// DER.
    pub list: Vec<u8>,
    pub this_update: i64,
    /// Index of the event that made the row what it is; filled in when written.
    pub log_index: i64,
    pub integrity: Vec<u8>,
}

impl MosipRevocationListRow {
    /// The bytes that the row's integrity code covers.
    pub fn covered(&self) -> Vec<u8> {
        joined(&[
            b"mosip_revocation_list/1",
            self.tenant.as_bytes(),
            self.domain.as_bytes(),
            self.issuer.as_bytes(),
            self.scope.as_bytes(),
            &self.list,
            &self.this_update.to_be_bytes(),
        ])
    }
}

impl Storage {
    /// All authorities, oldest first.
    pub fn mosip_authorities(&self) -> Result<Vec<MosipAuthorityRow>, StorageError> {
        let order = (mosip_authority::created, mosip_authority::id);
        Ok(mosip_authority::table.order(order).load(&mut *self.connection()?)?)
    }

    /// All partners, oldest first.
    pub fn mosip_partners(&self) -> Result<Vec<MosipPartnerRow>, StorageError> {
        let order = (mosip_partner::created, mosip_partner::id);
        Ok(mosip_partner::table.order(order).load(&mut *self.connection()?)?)
    }

    pub fn mosip_revocation_lists(&self) -> Result<Vec<MosipRevocationListRow>, StorageError> {
        Ok(mosip_revocation_list::table.load(&mut *self.connection()?)?)
    }
}

impl Write {
    pub fn insert_mosip_authority(row: MosipAuthorityRow) -> Self {
        Self::new(move |db, placed| {
            let row = MosipAuthorityRow { log_index: i64::try_from(placed.log_index).unwrap_or(i64::MAX), ..row };
            unique(diesel::insert_into(mosip_authority::table).values(&row).execute(db), "mosip-authority-exists")
        })
    }

    pub fn insert_mosip_partner(row: MosipPartnerRow) -> Self {
        Self::new(move |db, placed| {
            let row = MosipPartnerRow { log_index: i64::try_from(placed.log_index).unwrap_or(i64::MAX), ..row };
            unique(diesel::insert_into(mosip_partner::table).values(&row).execute(db), "mosip-partner-exists")
        })
    }

    /// Puts a revocation list in the place of an older one, or where there is none.
    pub fn set_mosip_revocation_list(row: MosipRevocationListRow) -> Self {
        Self::new(move |db, placed| {
            let row = MosipRevocationListRow { log_index: i64::try_from(placed.log_index).unwrap_or(i64::MAX), ..row };
            let known = mosip_revocation_list::table.find((&row.tenant, &row.domain, &row.issuer, &row.scope));
            let older = known.filter(mosip_revocation_list::this_update.lt(row.this_update));
            if diesel::update(older).set(&row).execute(db)? == 1 {
                return Ok(());
            }
            let inserted = diesel::insert_into(mosip_revocation_list::table).values(&row).execute(db);
            unique(inserted, "mosip-revocation-list-newer")
        })
    }
}

//! Certificates that the service root issued, and invitations to a first one.

use diesel::prelude::*;
use km_domain::Timestamp;

use crate::{
    Storage, StorageError, Write,
    schema::{certificate, invitation},
    write::{changed, unique},
};

/// One issued certificate.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = certificate)]
pub struct CertificateRow {
    /// Hexadecimal, lower case.
    pub serial: String,
    /// URI name.
    pub identity: String,
    pub issued: i64,
    pub expires: i64,
    pub revoked: Option<i64>,
}

/// A one-time token for a first certificate: only its digest is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = invitation)]
pub struct InvitationRow {
    pub token_digest: Vec<u8>,
    pub identity: String,
    pub expires: i64,
}

impl Storage {
    pub fn invitation(&self, token_digest: &[u8], now: Timestamp) -> Result<Option<InvitationRow>, StorageError> {
        let row = invitation::table
            .find(token_digest)
            .filter(invitation::expires.gt(now.micros()))
            .get_result(&mut *self.connection()?)
            .optional()?;
        Ok(row)
    }

    /// The certificate of this serial number.
    pub fn certificate(&self, serial: &str) -> Result<Option<CertificateRow>, StorageError> {
        Ok(certificate::table.find(serial).get_result(&mut *self.connection()?).optional()?)
    }

    /// Revoked certificates that have not expired yet: what a revocation list must hold.
    pub fn revoked_certificates(&self, now: Timestamp) -> Result<Vec<CertificateRow>, StorageError> {
        let rows = certificate::table
            .filter(certificate::revoked.is_not_null())
            .filter(certificate::expires.gt(now.micros()))
            .order(certificate::serial)
            .load(&mut *self.connection()?)?;
        Ok(rows)
    }

    /// Certificates of an identity that are still valid, newest first.
    pub fn certificates_of(&self, identity: &str, now: Timestamp) -> Result<Vec<CertificateRow>, StorageError> {
        let rows = certificate::table
            .filter(certificate::identity.eq(identity))
            .filter(certificate::expires.gt(now.micros()))
            .order(certificate::issued.desc())
            .load(&mut *self.connection()?)?;
        Ok(rows)
    }
}

impl Write {
    pub fn insert_invitation(row: InvitationRow) -> Self {
        Self::new(move |db, _| {
            unique(diesel::insert_into(invitation::table).values(&row).execute(db), "invitation-exists")
        })
    }

    /// Uses an invitation up.
    pub fn take_invitation(token_digest: Vec<u8>) -> Self {
        Self::new(move |db, _| {
            changed(diesel::delete(invitation::table.find(token_digest)).execute(db), "invitation-used")
        })
    }

    pub fn insert_certificate(row: CertificateRow) -> Self {
        Self::new(move |db, _| {
            unique(diesel::insert_into(certificate::table).values(&row).execute(db), "certificate-exists")
        })
    }

    pub fn revoke_certificate(serial: &str, now: Timestamp) -> Self {
        let serial = serial.to_owned();
        Self::new(move |db, _| {
            let valid = certificate::table.find(serial).filter(certificate::revoked.is_null());
            let set = certificate::revoked.eq(Some(now.micros()));
            changed(diesel::update(valid).set(set).execute(db), "certificate-not-valid")
        })
    }
}

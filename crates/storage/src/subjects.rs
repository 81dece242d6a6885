//! Subject keys: one wrapped data key per record, with the record's version and the digest of its sealed and clear values.

use std::collections::HashMap;

use diesel::prelude::*;
use km_domain::{RecordId, RegisterName, SubjectHandle, TenantId, Timestamp};

use crate::{
    Storage, StorageError, Write, WriteFault,
    schema::{key_version, subject, subject_history, tombstone},
    write::{changed, unique},
};

/// Which subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubjectId {
    pub tenant: TenantId,
    pub register: RegisterName,
    pub record: RecordId,
}

/// One subject's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = subject, treat_none_as_default_value = false)]
pub struct SubjectRow {
    pub tenant: String,
    pub register: String,
    pub record: Vec<u8>,
    pub handle: Vec<u8>,
    pub kek_version: i64,
    pub wrapped: Vec<u8>,
    pub version: i64,
    pub digest: Vec<u8>,
    /// 1 once the registry said that it stored the version.
    pub confirmed: i64,
    /// Digest of the version before; empty for version 1.
    pub previous: Vec<u8>,
    pub updated: i64,
}

impl SubjectRow {
    pub fn handle(&self) -> Result<SubjectHandle, StorageError> {
        let bytes = <[u8; 16]>::try_from(self.handle.as_slice()).map_err(|_| StorageError::Damaged("subject"))?;
        Ok(SubjectHandle::from_bytes(bytes))
    }

    pub fn record(&self) -> Result<RecordId, StorageError> {
        let bytes = <[u8; 16]>::try_from(self.record.as_slice()).map_err(|_| StorageError::Damaged("subject"))?;
        Ok(RecordId::from_bytes(bytes))
    }
}

/// What is left of an erased record.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = tombstone)]
pub struct TombstoneRow {
    pub tenant: String,
    pub register: String,
    pub record: Vec<u8>,
    pub erased: i64,
    /// Certificate of erasure, a JWS.
    pub certificate: String,
}

/// Most ids in one query: SQLite and PostgreSQL both bound the number of bind variables.
const IDS: usize = 500;

impl Storage {
    pub fn subjects(
        &self,
        tenant: &TenantId,
        register: &RegisterName,
        records: &[RecordId],
    ) -> Result<HashMap<RecordId, SubjectRow>, StorageError> {
        let mut found = HashMap::with_capacity(records.len());
        let mut connection = self.connection()?;
        for ids in records.chunks(IDS) {
            let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.as_bytes().to_vec()).collect();
            let rows: Vec<SubjectRow> = subject::table
                .filter(subject::tenant.eq(tenant.as_str()))
                .filter(subject::register.eq(register.as_str()))
                .filter(subject::record.eq_any(ids))
                .load(&mut *connection)?;
            for row in rows {
                found.insert(row.record()?, row);
            }
        }
        Ok(found)
    }

    pub fn tombstones(
        &self,
        tenant: &TenantId,
        register: &RegisterName,
        records: &[RecordId],
    ) -> Result<HashMap<RecordId, TombstoneRow>, StorageError> {
        let mut found = HashMap::new();
        let mut connection = self.connection()?;
        for ids in records.chunks(IDS) {
            let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.as_bytes().to_vec()).collect();
            let rows: Vec<TombstoneRow> = tombstone::table
                .filter(tombstone::tenant.eq(tenant.as_str()))
                .filter(tombstone::register.eq(register.as_str()))
                .filter(tombstone::record.eq_any(ids))
                .load(&mut *connection)?;
            for row in rows {
                let bytes =
                    <[u8; 16]>::try_from(row.record.as_slice()).map_err(|_| StorageError::Damaged("tombstone"))?;
                found.insert(RecordId::from_bytes(bytes), row);
            }
        }
        Ok(found)
    }

    /// Digest of an earlier version, for reading history.
    pub fn earlier_digest(&self, id: &SubjectId, version: u32) -> Result<Option<Vec<u8>>, StorageError> {
        let key = (id.tenant.as_str(), id.register.as_str(), id.record.as_bytes().as_slice(), i64::from(version));
        let digest = subject_history::table
            .find(key)
            .select(subject_history::digest)
            .get_result(&mut *self.connection()?)
            .optional()?;
        Ok(digest)
    }

    /// How many subject keys are wrapped under each version of a tenant's key-encryption key.
    pub fn subjects_by_kek(&self, tenant: &TenantId) -> Result<Vec<(i64, i64)>, StorageError> {
        let counts = subject::table
            .filter(subject::tenant.eq(tenant.as_str()))
            .group_by(subject::kek_version)
            .select((subject::kek_version, diesel::dsl::count_star()))
            .order(subject::kek_version)
            .load(&mut *self.connection()?)?;
        Ok(counts)
    }

    /// How many subjects are not yet wrapped under `current`.
    pub fn subjects_under_older(&self, tenant: &TenantId, current: u32) -> Result<u64, StorageError> {
        let count: i64 = subject::table
            .filter(subject::tenant.eq(tenant.as_str()))
            .filter(subject::kek_version.lt(i64::from(current)))
            .count()
            .get_result(&mut *self.connection()?)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Subjects not yet wrapped under `current`, at most `limit`.
    pub fn subjects_to_rewrap(
        &self,
        tenant: &TenantId,
        current: u32,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StorageError> {
        let rows = subject::table
            .filter(subject::tenant.eq(tenant.as_str()))
            .filter(subject::kek_version.lt(i64::from(current)))
            .limit(i64::from(limit))
            .load(&mut *self.connection()?)?;
        Ok(rows)
    }
}

fn key_of(row: &SubjectRow) -> (&str, &str, &[u8]) {
    (&row.tenant, &row.register, &row.record)
}

/// Refuses a row that names a key-encryption key version which is no longer active: a seal that was under way while the
/// key was rotated must not come in behind the count.
fn kek_is_active(db: &mut km_database::Db, row: &SubjectRow, kek: &str) -> Result<(), WriteFault> {
    let active: i64 = key_version::table
        .filter(key_version::tenant.eq(&row.tenant))
        .filter(key_version::key_id.eq(kek))
        .filter(key_version::version.eq(row.kek_version))
        .filter(key_version::state.eq("active"))
        .count()
        .get_result(db)?;
    if active == 1 { Ok(()) } else { Err(WriteFault::Conflict("key-encryption-key-not-active")) }
}

impl Write {
    /// New subjects of one tenant, register and version of this key-encryption key: all of them or none.
    pub fn insert_subjects(rows: Vec<SubjectRow>, kek: &str) -> Self {
        let kek = kek.to_owned();
        Self::new(move |db, _| {
            let Some(first) = rows.first() else { return Ok(()) };
            kek_is_active(db, first, &kek)?;
            for part in rows.chunks(IDS) {
                let erased: i64 = tombstone::table
                    .filter(tombstone::tenant.eq(&first.tenant))
                    .filter(tombstone::register.eq(&first.register))
                    .filter(tombstone::record.eq_any(part.iter().map(|row| &row.record)))
                    .count()
                    .get_result(db)?;
                if erased > 0 {
                    return Err(WriteFault::Conflict("record-erased"));
                }
                unique(km_database::insert_all!(db, subject::table, part).map(|()| 1), "record-exists")?;
            }
            Ok(())
        })
    }

    /// A new version of a subject whose version is still `row.version - 1`; the digest that it replaces goes into history.
    pub fn advance_subject(row: SubjectRow) -> Self {
        Self::new(move |db, _| {
            let target = subject::table.find(key_of(&row)).filter(subject::version.eq(row.version - 1));
            let set = (
                subject::version.eq(row.version),
                subject::digest.eq(&row.digest),
                subject::confirmed.eq(row.confirmed),
                subject::previous.eq(&row.previous),
                subject::updated.eq(row.updated),
            );
            changed(diesel::update(target).set(set).execute(db), "version-conflict")?;
            let history = (
                subject_history::tenant.eq(&row.tenant),
                subject_history::register.eq(&row.register),
                subject_history::record.eq(&row.record),
                subject_history::version.eq(row.version - 1),
                subject_history::digest.eq(&row.previous),
            );
            unique(diesel::insert_into(subject_history::table).values(history).execute(db), "version-conflict")
        })
    }

    /// The registry stored this version. No conflict if it is confirmed already or has moved on.
    pub fn confirm_subject(id: &SubjectId, version: u32) -> Self {
        let id = id.clone();
        Self::new(move |db, _| {
            let key = (id.tenant.as_str(), id.register.as_str(), id.record.as_bytes().as_slice());
            let target = subject::table.find(key).filter(subject::version.eq(i64::from(version)));
            diesel::update(target).set(subject::confirmed.eq(1)).execute(db)?;
            Ok(())
        })
    }

    /// Takes back a version that the registry never stored: the one before is current again, or the subject is gone. A seal
    /// that is confirmed, or that was withdrawn already, stays as it is.
    pub fn withdraw_subject(id: &SubjectId, version: u32) -> Self {
        let id = id.clone();
        Self::new(move |db, _| {
            let key = (id.tenant.as_str(), id.register.as_str(), id.record.as_bytes().as_slice());
            let unconfirmed = subject::table
                .find(key)
                .filter(subject::version.eq(i64::from(version)))
                .filter(subject::confirmed.eq(0));
            if version <= 1 {
                diesel::delete(unconfirmed).execute(db)?;
                return Ok(());
            }
            let set = (
                subject::version.eq(subject::version - 1),
                subject::digest.eq(subject::previous),
                subject::confirmed.eq(1),
            );
            if diesel::update(unconfirmed).set(set).execute(db)? > 0 {
                let key = (key.0, key.1, key.2, i64::from(version) - 1);
                diesel::delete(subject_history::table.find(key)).execute(db)?;
            }
            Ok(())
        })
    }

    /// Destroys a subject: its wrapped key, its handle and its digests go; a tombstone stays.
    pub fn erase_subject(row: TombstoneRow) -> Self {
        Self::new(move |db, _| {
            let key = (row.tenant.as_str(), row.register.as_str(), row.record.as_slice());
            changed(diesel::delete(subject::table.find(key)).execute(db), "record-unknown")?;
            let history = subject_history::table
                .filter(subject_history::tenant.eq(&row.tenant))
                .filter(subject_history::register.eq(&row.register))
                .filter(subject_history::record.eq(&row.record));
            diesel::delete(history).execute(db)?;
            unique(diesel::insert_into(tombstone::table).values(&row).execute(db), "record-erased")
        })
    }

    /// Moves a subject key to another version of its key-encryption key, unless somebody did already.
    pub fn rewrap_subject(row: &SubjectRow, kek_version: u32, wrapped: Vec<u8>, now: Timestamp) -> Self {
        let row = row.clone();
        Self::new(move |db, _| {
            let target = subject::table.find(key_of(&row)).filter(subject::kek_version.eq(row.kek_version));
            let set = (
                subject::kek_version.eq(i64::from(kek_version)),
                subject::wrapped.eq(wrapped),
                subject::updated.eq(now.micros()),
            );
            diesel::update(target).set(set).execute(db)?;
            Ok(())
        })
    }
}

//! Rows as they go in, and what is read of them.

use diesel::prelude::*;

use super::schema::{index_terms, record_versions, records, sealed_fields};

/// A record as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = records, treat_none_as_default_value = false)]
pub struct RecordRow {
    pub register: i32,
    pub record: String,
    pub version: i32,
    pub schema_version: i32,
    pub clear: String,
    pub created: i64,
    pub updated: i64,
    pub erased: Option<i64>,
    pub certificate: Option<String>,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = record_versions, treat_none_as_default_value = false)]
pub(super) struct VersionRow {
    pub register: i32,
    pub record: String,
    pub version: i32,
    pub schema_version: i32,
    pub clear: String,
    pub sealed_at: i64,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = sealed_fields, treat_none_as_default_value = false)]
pub(super) struct FieldRow {
    pub register: i32,
    pub record: String,
    pub version: i32,
    pub field: String,
    pub value: Vec<u8>,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = index_terms, treat_none_as_default_value = false)]
pub(super) struct TermRow {
    pub index_key: i32,
    pub term: Vec<u8>,
    pub register: i32,
    pub record: String,
    pub uniqueness: String,
}

/// One index term of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub field: String,
    pub kind: String,
    pub key_version: i32,
    pub term: Vec<u8>,
    pub uniqueness: Uniqueness,
}

/// What a second record with the same term means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    No,
    Warn,
    Refuse,
}

impl Uniqueness {
    pub const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::No, Self::Warn, Self::Refuse].into_iter().find(|uniqueness| uniqueness.name() == name)
    }
}

/// One field of one version, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedField {
    pub field: String,
    pub value: Vec<u8>,
}

/// One version of a record with all its sealed fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedVersion {
    pub record: String,
    pub version: i32,
    pub schema_version: i32,
    pub clear: String,
    pub fields: Vec<SealedField>,
}

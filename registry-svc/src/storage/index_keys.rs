//! The numbers that stand for a version of an index key in the keys of its terms.

use diesel::prelude::*;
use km_database::Db;

use super::{StoreError, rows::Term, schema::index_keys};

/// The index keys of a register, each with its number. Holds every key of the terms that it was loaded for.
pub(super) struct IndexKeys {
    /// The number of the register.
    pub register: i32,
    keys: Vec<IndexKey>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = index_keys)]
struct IndexKey {
    id: i32,
    field: String,
    kind: String,
    version: i32,
}

impl IndexKeys {
    /// Those of a register by its number; a key is given one with its first term.
    pub fn to_write<'a>(
        db: &mut Db,
        register: i32,
        terms: impl Iterator<Item = &'a Term> + Clone,
    ) -> Result<Self, StoreError> {
        let there = Self::load(db, register)?;
        let mut missing = terms.filter(|term| there.find(term).is_none()).peekable();
        if missing.peek().is_none() {
            return Ok(there);
        }
        for term in missing {
            let row = (
                index_keys::register.eq(register),
                index_keys::field.eq(&term.field),
                index_keys::kind.eq(&term.kind),
                index_keys::version.eq(term.key_version),
            );
            // An earlier term here or another replica may have brought it.
            let insert = diesel::insert_into(index_keys::table).values(row).on_conflict_do_nothing();
            match db {
                Db::Sqlite(lite) => insert.execute(lite)?,
                Db::Postgres(postgres) => insert.execute(postgres)?,
            };
        }
        Self::load(db, register)
    }

    fn load(db: &mut Db, register: i32) -> Result<Self, StoreError> {
        let keys =
            index_keys::table.filter(index_keys::register.eq(register)).select(IndexKey::as_select()).load(db)?;
        Ok(Self { register, keys })
    }

    /// The number of the key of this term.
    pub fn number(&self, term: &Term) -> Result<i32, StoreError> {
        self.find(term).ok_or(StoreError::Damaged("index_keys"))
    }

    fn find(&self, term: &Term) -> Option<i32> {
        let is_of =
            |key: &&IndexKey| key.version == term.key_version && key.field == term.field && key.kind == term.kind;
        self.keys.iter().find(is_of).map(|key| key.id)
    }
}

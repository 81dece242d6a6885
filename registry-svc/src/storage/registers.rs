//! The numbers that stand for a register in the keys of its rows.

use diesel::{dsl::auto_type, prelude::*};
use km_database::Db;

use super::{Place, StoreError, schema::registers};

/// The number of a register, for a filter. One without records has none, and nothing is found.
#[auto_type(no_type_alias)]
pub(super) fn number<'a>(place: &'a Place) -> _ {
    let tenant: &'a str = place.tenant.as_str();
    let register: &'a str = place.register.as_str();
    registers::table
        .filter(registers::tenant.eq(tenant))
        .filter(registers::register.eq(register))
        .select(registers::id)
        .single_value()
        .assume_not_null()
}

/// The same, to write rows with: a register is given its number with its first record.
pub(super) fn number_to_write(db: &mut Db, place: &Place) -> Result<i32, StoreError> {
    let (tenant, register) =
        (registers::tenant.eq(place.tenant.as_str()), registers::register.eq(place.register.as_str()));
    let there = registers::table.filter(tenant).filter(register).select(registers::id);
    if let Some(number) = there.first(db).optional()? {
        return Ok(number);
    }
    // Another replica may be as far as this.
    let insert = diesel::insert_into(registers::table).values((tenant, register)).on_conflict_do_nothing();
    match db {
        Db::Sqlite(lite) => insert.execute(lite)?,
        Db::Postgres(postgres) => insert.execute(postgres)?,
    };
    Ok(there.first(db)?)
}

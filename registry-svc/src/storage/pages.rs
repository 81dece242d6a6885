//! Listing by clear attributes, a page at a time.

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Text},
};
use km_database::Db;

use super::{Place, StoreError, registers, rows::RecordRow, schema::records};

/// One condition: the clear attribute of this name equals this JSON value.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// A field name of the definition, so letters, digits, `-` and `_` only.
    pub name: km_domain::FieldName,
    pub value: serde_json::Value,
}

/// Living records after `after` that meet every filter, in the order of their ids.
pub fn page(
    db: &mut Db,
    place: &Place,
    after: &str,
    limit: i64,
    filters: &[Filter],
) -> Result<Vec<RecordRow>, StoreError> {
    // The engines read JSON differently, so the one query is written once for each.
    macro_rules! query {
        ($connection:expr, $filter:expr) => {{
            let mut query = records::table
                .filter(records::register.eq(registers::number(place)))
                .filter(records::record.gt(after))
                .filter(records::erased.is_null())
                .order(records::record.asc())
                .limit(limit)
                .select(RecordRow::as_select())
                .into_boxed();
            for filter in filters {
                query = query.filter($filter(filter));
            }
            query.load($connection)?
        }};
    }
    Ok(match db {
        Db::Sqlite(lite) => query!(lite, |filter: &Filter| {
            let value = serde_json::Value::Array(vec![filter.value.clone()]).to_string();
            sql::<Bool>("json_extract(clear, ")
                .bind::<Text, _>(format!("$.\"{}\"", filter.name))
                .sql(") = json_extract(")
                .bind::<Text, _>(value)
                .sql(", '$[0]')")
        }),
        Db::Postgres(postgres) => query!(postgres, |filter: &Filter| {
            let object = serde_json::Map::from_iter([(filter.name.to_string(), filter.value.clone())]);
            sql::<Bool>("clear_json @> ").bind::<Text, _>(serde_json::Value::Object(object).to_string()).sql("::jsonb")
        }),
    })
}

//! The source's database, read in one read-only transaction.
//!
//! | table | what is read of it |
//! |---|---|
//! | `key_alias` | one row a key version: names, times, and from schema 1.2 on thumbprint and unique identifier |
//! | `key_store` | base keys, wrapped under a master key, and other parties' certificates |
//! | `key_policy_def` | one row an application |
//! | `ca_cert_store`, `partner_cert_store` | certificates of authorities and partners, by domain |
//! | `data_encrypt_keystore` | the random keys of `zkEncrypt`, wrapped |
//!
//! Which columns there are tells the version: `key_alias.cert_thumbprint` came with 1.2, `ca_cert_store.ca_cert_type` with 1.3.

mod rows;
mod trust;

pub use rows::{AliasRow, PolicyRow, RandomKeyRow, StoreRow};
pub use trust::{AuthorityRow, PartnerRow};

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types,
};
use km_database::{Database, Db};

use crate::{arguments::Arguments, failure::Failure};

/// All that was read.
pub struct Source {
    /// `1.1`, `1.2` or `1.3`.
    pub version: &'static str,
    pub aliases: Vec<AliasRow>,
    pub stored: BTreeMap<String, StoreRow>,
    pub policies: Vec<PolicyRow>,
    pub authorities: Vec<AuthorityRow>,
    pub partners: Vec<PartnerRow>,
    pub random_keys: Vec<RandomKeyRow>,
}

/// Reads the source. Every transaction of the connection is read-only, by order of the server itself.
pub fn read(arguments: &Arguments) -> Result<Source, Failure> {
    let join = if arguments.database.contains('?') { '&' } else { '?' };
    let url = format!("{}{join}options=-c%20default_transaction_read_only%3Don", arguments.database);
    let database = Database::open(&url, arguments.password_file.as_deref(), 1)?;
    let mut db = database.connect()?;
    let Db::Postgres(connection) = &mut db else {
        return Err(Failure::Usage("--database must begin with postgres://".to_owned()));
    };
    let schema = identifier(&arguments.schema)?;
    connection.batch_execute(&format!("SET search_path TO {schema}"))?;
    connection.batch_execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    connection.transaction(|connection| all(connection, &arguments.schema))
}

fn all(connection: &mut PgConnection, schema: &str) -> Result<Source, Failure> {
    let columns = columns(connection, schema)?;
    let has = |table: &str, column: &str| columns.contains(&(table.to_owned(), column.to_owned()));
    for table in ["key_alias", "key_store", "key_policy_def"] {
        if !columns.iter().any(|(known, _)| known == table) {
            let text =
                format!("schema {schema} has no table {table} that this user may read: is it a MOSIP Keymanager's?");
            return Err(Failure::Usage(text));
        }
    }
    let version = match (has("key_alias", "cert_thumbprint"), has("ca_cert_store", "ca_cert_type")) {
        (false, _) => "1.1",
        (true, false) => "1.2",
        (true, true) => "1.3",
    };
    let is_there = |table: &str| columns.iter().any(|(known, _)| known == table);
    Ok(Source {
        version,
        aliases: rows::aliases(connection, has("key_alias", "cert_thumbprint"), has("key_alias", "uni_ident"))?,
        stored: rows::stored(connection)?.into_iter().map(|row| (row.id.clone(), row)).collect(),
        policies: rows::policies(
            connection,
            has("key_policy_def", "pre_expire_days"),
            has("key_policy_def", "access_allowed"),
        )?,
        authorities: if is_there("ca_cert_store") { trust::authorities(connection)? } else { Vec::new() },
        partners: if is_there("partner_cert_store") { trust::partners(connection)? } else { Vec::new() },
        random_keys: if is_there("data_encrypt_keystore") { rows::random_keys(connection)? } else { Vec::new() },
    })
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = sql_types::Text)]
    table_name: String,
    #[diesel(sql_type = sql_types::Text)]
    column_name: String,
}

fn columns(connection: &mut PgConnection, schema: &str) -> Result<BTreeSet<(String, String)>, Failure> {
    let query = "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = $1";
    let found: Vec<Column> = sql_query(query).bind::<sql_types::Text, _>(schema).load(connection)?;
    Ok(found.into_iter().map(|column| (column.table_name, column.column_name)).collect())
}

/// A name as SQL takes it. Refused: what is no plain name.
fn identifier(name: &str) -> Result<&str, Failure> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(plain)
        && !name.starts_with(|c: char| c.is_ascii_digit())
    {
        return Ok(name);
    }
    Err(Failure::Usage("--schema must be a plain name: letters, digits and underscores".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::identifier;

    #[test]
    fn a_schema_is_a_plain_name() {
        assert!(identifier("keymgr").is_ok() && identifier("_a1").is_ok());
        for bad in ["", "1a", "a;b", "a b", "\"a\"", "é", &"a".repeat(64)] {
            assert!(identifier(bad).is_err(), "{bad}");
        }
    }
}

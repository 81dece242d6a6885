//! Rows of the source's trust stores.

use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use km_domain::Timestamp;

use crate::failure::Failure;

/// `ca_cert_store`
#[derive(Debug, Clone)]
pub struct AuthorityRow {
    pub id: String,
    pub domain: String,
    /// PEM.
    pub certificate: String,
    pub created: Timestamp,
}

/// `partner_cert_store`
#[derive(Debug, Clone)]
pub struct PartnerRow {
    pub id: String,
    pub domain: String,
    pub organization: String,
    /// PEM.
    pub certificate: String,
    /// PEM; empty where the source signed nothing.
    pub issued: String,
    pub created: Timestamp,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Text)]
    id: String,
    #[diesel(sql_type = sql_types::Text)]
    domain: String,
    #[diesel(sql_type = sql_types::Text)]
    organization: String,
    #[diesel(sql_type = sql_types::Text)]
    certificate: String,
    #[diesel(sql_type = sql_types::Text)]
    issued: String,
    #[diesel(sql_type = sql_types::BigInt)]
    created: i64,
}

/// All authorities that are not deleted, oldest first.
pub fn authorities(connection: &mut PgConnection) -> Result<Vec<AuthorityRow>, Failure> {
    let rows = rows(connection, "ca_cert_store", "''", "''")?.into_iter().map(|row| AuthorityRow {
        id: row.id,
        domain: row.domain,
        certificate: row.certificate,
        created: Timestamp::from_micros(row.created),
    });
    Ok(rows.collect())
}

/// All partners that are not deleted, oldest first.
pub fn partners(connection: &mut PgConnection) -> Result<Vec<PartnerRow>, Failure> {
    let rows = rows(connection, "partner_cert_store", "organization_name", "signed_cert_data")?;
    let rows = rows.into_iter().map(|row| PartnerRow {
        id: row.id,
        domain: row.domain,
        organization: row.organization,
        certificate: row.certificate,
        issued: row.issued,
        created: Timestamp::from_micros(row.created),
    });
    Ok(rows.collect())
}

fn rows(
    connection: &mut PgConnection,
    table: &'static str,
    organization: &'static str,
    issued: &'static str,
) -> Result<Vec<Row>, Failure> {
    let query = format!(
        "SELECT cert_id::text AS id, COALESCE(partner_domain, '')::text AS domain, \
         COALESCE({organization}, '')::text AS organization, COALESCE(cert_data, '')::text AS certificate, \
         COALESCE({issued}, '')::text AS issued, \
         COALESCE((extract(epoch FROM cr_dtimes) * 1000000)::bigint, 0) AS created \
         FROM {table} WHERE is_deleted IS NOT TRUE ORDER BY cr_dtimes, cert_id"
    );
    Ok(sql_query(query).load(connection)?)
}

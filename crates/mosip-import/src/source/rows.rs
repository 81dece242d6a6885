//! Rows as the source's tables have them. Times are UTC without a zone; they are read as microseconds.

use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use km_domain::{SecretText, Timestamp};

use crate::failure::Failure;

/// `key_alias`
#[derive(Debug, Clone)]
pub struct AliasRow {
    pub id: String,
    pub application: String,
    pub reference: String,
    pub generated: Timestamp,
    pub expires: Timestamp,
    pub thumbprint: Option<String>,
    pub unique_id: Option<String>,
}

/// `key_store`
pub struct StoreRow {
    pub id: String,
    pub master: String,
    /// Wrapped, or `NA`.
    pub private: SecretText,
    /// PEM.
    pub certificate: String,
}

/// `key_policy_def`
#[derive(Debug, Clone)]
pub struct PolicyRow {
    pub application: String,
    pub valid_days: i32,
    pub early_days: i32,
    pub is_active: bool,
    pub access: String,
}

#[derive(QueryableByName)]
struct Alias {
    #[diesel(sql_type = sql_types::Text)]
    id: String,
    #[diesel(sql_type = sql_types::Text)]
    app_id: String,
    #[diesel(sql_type = sql_types::Text)]
    ref_id: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    generated: Option<i64>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    expires: Option<i64>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    thumbprint: Option<String>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    unique_id: Option<String>,
}

/// All aliases that are not deleted, oldest first.
pub fn aliases(connection: &mut PgConnection, thumbprints: bool, identifiers: bool) -> Result<Vec<AliasRow>, Failure> {
    let thumbprint = if thumbprints { "cert_thumbprint" } else { "NULL" };
    let unique = if identifiers { "uni_ident" } else { "NULL" };
    let query = format!(
        "SELECT id::text, app_id::text, COALESCE(ref_id, '')::text AS ref_id, \
         (extract(epoch FROM key_gen_dtimes) * 1000000)::bigint AS generated, \
         (extract(epoch FROM key_expire_dtimes) * 1000000)::bigint AS expires, \
         {thumbprint}::text AS thumbprint, {unique}::text AS unique_id \
         FROM key_alias WHERE is_deleted IS NOT TRUE ORDER BY key_gen_dtimes, id"
    );
    let found: Vec<Alias> = sql_query(query).load(connection)?;
    let rows = found.into_iter().map(|row| AliasRow {
        id: row.id,
        application: row.app_id,
        reference: row.ref_id,
        generated: Timestamp::from_micros(row.generated.unwrap_or_default()),
        expires: Timestamp::from_micros(row.expires.unwrap_or_default()),
        thumbprint: row.thumbprint.filter(|text| !text.is_empty()),
        unique_id: row.unique_id.filter(|text| !text.is_empty()),
    });
    Ok(rows.collect())
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = sql_types::Text)]
    id: String,
    #[diesel(sql_type = sql_types::Text)]
    master_key: String,
    #[diesel(sql_type = sql_types::Text)]
    private_key: String,
    #[diesel(sql_type = sql_types::Text)]
    certificate_data: String,
}

/// All that is stored in the database.
pub fn stored(connection: &mut PgConnection) -> Result<Vec<StoreRow>, Failure> {
    let query = "SELECT id::text, COALESCE(master_key, '')::text AS master_key, \
                 COALESCE(private_key, '')::text AS private_key, COALESCE(certificate_data, '')::text AS certificate_data \
                 FROM key_store WHERE is_deleted IS NOT TRUE";
    let found: Vec<Stored> = sql_query(query).load(connection)?;
    let rows = found.into_iter().map(|row| StoreRow {
        id: row.id,
        master: row.master_key,
        private: SecretText::new(row.private_key),
        certificate: row.certificate_data,
    });
    Ok(rows.collect())
}

#[derive(QueryableByName)]
struct Policy {
    #[diesel(sql_type = sql_types::Text)]
    app_id: String,
    #[diesel(sql_type = sql_types::Integer)]
    valid: i32,
    #[diesel(sql_type = sql_types::Integer)]
    early: i32,
    #[diesel(sql_type = sql_types::Bool)]
    is_active: bool,
    #[diesel(sql_type = sql_types::Text)]
    access: String,
}

/// All policies. Before 1.2 nothing was current any shorter than it lived, and everybody had access.
pub fn policies(connection: &mut PgConnection, early: bool, access: bool) -> Result<Vec<PolicyRow>, Failure> {
    let early = if early { "COALESCE(pre_expire_days, 0)" } else { "0" };
    let access = if access { "COALESCE(access_allowed, '')" } else { "'NA'" };
    let query = format!(
        "SELECT app_id::text, COALESCE(key_validity_duration, 0)::int AS valid, {early}::int AS early, is_active, \
         {access}::text AS access FROM key_policy_def WHERE is_deleted IS NOT TRUE ORDER BY app_id"
    );
    let found: Vec<Policy> = sql_query(query).load(connection)?;
    let rows = found.into_iter().map(|row| PolicyRow {
        application: row.app_id,
        valid_days: row.valid,
        early_days: row.early,
        is_active: row.is_active,
        access: row.access,
    });
    Ok(rows.collect())
}

/// `data_encrypt_keystore`
pub struct RandomKeyRow {
    pub number: i64,
    /// Base64 of 32 bytes.
    pub wrapped: String,
    pub is_active: bool,
}

#[derive(QueryableByName)]
struct Random {
    #[diesel(sql_type = sql_types::BigInt)]
    id: i64,
    #[diesel(sql_type = sql_types::Text)]
    key: String,
    #[diesel(sql_type = sql_types::Bool)]
    is_active: bool,
}

/// All random keys, by their numbers.
pub fn random_keys(connection: &mut PgConnection) -> Result<Vec<RandomKeyRow>, Failure> {
    let query = "SELECT id::bigint, COALESCE(key, '')::text AS key, COALESCE(key_status, '') = 'Active' AS is_active \
                 FROM data_encrypt_keystore ORDER BY id";
    let found: Vec<Random> = sql_query(query).load(connection)?;
    Ok(found
        .into_iter()
        .map(|row| RandomKeyRow { number: row.id, wrapped: row.key, is_active: row.is_active })
        .collect())
}

//! `GET /v1/registers/{register}/records`

use actix_web::web;
use km_api::records::{ListedRecord, RecordPage};
use km_domain::Timestamp;
use km_service::Problem;

use crate::{
    error::RegistryError,
    operations::{
        Caller,
        list::{self as operation, Query},
    },
    rest::{Rest, path},
    storage::{StoreError, rows::RecordRow},
};

/// A page of a register, filtered by clear attributes: `clear.NAME=VALUE`. Personal fields are found by `find`.
#[utoipa::path(
    get, path = "/v1/registers/{register}/records", tag = "records", operation_id = "list_records",
    params(
        ("register" = String, Path, example = "individual"),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 100 if absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    security(("token" = [])),
    responses((status = 200, body = RecordPage), (status = "4XX", body = km_api::Problem))
)]
pub async fn list(
    rest: web::Data<Rest>,
    caller: Caller,
    name: web::Path<String>,
    parameters: Result<web::Query<Vec<(String, String)>>, actix_web::Error>,
) -> Result<web::Json<RecordPage>, Problem> {
    match run(&rest, &caller, &name, parameters.ok().map(web::Query::into_inner)).await {
        Ok(page) => Ok(web::Json(page)),
        Err(error) => Err(rest.fail(&caller, &name, error).await),
    }
}

async fn run(
    rest: &Rest,
    caller: &Caller,
    name: &str,
    parameters: Option<Vec<(String, String)>>,
) -> Result<RecordPage, RegistryError> {
    let register = path::register(name)?;
    let parameters = parameters.ok_or(RegistryError::malformed("query", "must be NAME=VALUE pairs"))?;
    let page = operation::list(&rest.registry, caller, &register, read(parameters)?).await?;
    let records = page.rows.into_iter().map(listed).collect::<Result<_, _>>()?;
    Ok(RecordPage { records, next: page.next })
}

fn read(parameters: Vec<(String, String)>) -> Result<Query, RegistryError> {
    let mut query = Query::default();
    for (name, value) in parameters {
        let repeated = |name: &str| RegistryError::malformed(name, "must not be repeated");
        match name.as_str() {
            "limit" => {
                let limit = value.parse().map_err(|_| RegistryError::malformed("limit", "must be 1 to 1000"))?;
                if query.limit.replace(limit).is_some() {
                    return Err(repeated("limit"));
                }
            }
            "cursor" => {
                if query.cursor.replace(value).is_some() {
                    return Err(repeated("cursor"));
                }
            }
            other => match other.strip_prefix("clear.") {
                Some(attribute) if query.clear.iter().any(|(known, _)| known == attribute) => {
                    return Err(repeated("clear"));
                }
                Some(attribute) => query.clear.push((attribute.to_owned(), value)),
                None => return Err(RegistryError::malformed("query", "may hold limit, cursor and clear.NAME only")),
            },
        }
    }
    Ok(query)
}

fn listed(row: RecordRow) -> Result<ListedRecord, RegistryError> {
    let damaged = || StoreError::Damaged("records");
    Ok(ListedRecord {
        record: row.record.parse().map_err(|_| damaged())?,
        version: u32::try_from(row.version).map_err(|_| damaged())?,
        created: Timestamp::from_micros(row.created),
        updated: Timestamp::from_micros(row.updated),
        clear: serde_json::from_str(&row.clear).map_err(|_| damaged())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_known_and_stand_once() {
        let pairs = |pairs: &[(&str, &str)]| {
            read(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let query = pairs(&[("limit", "7"), ("cursor", "c"), ("clear.area", "A-1")]).unwrap();
        assert_eq!((query.limit, query.cursor.as_deref()), (Some(7), Some("c")));
        assert_eq!(query.clear, [("area".to_owned(), "A-1".to_owned())]);
        for bad in [
            &[("limit", "x")][..],
            &[("limit", "1"), ("limit", "2")],
            &[("clear.area", "1"), ("clear.area", "2")],
            &[("national_id", "1")],
        ] {
            assert!(pairs(bad).is_err());
        }
    }
}

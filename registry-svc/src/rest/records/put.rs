//! `PUT /v1/registers/{register}/records/{id}`

use actix_web::{HttpRequest, HttpResponse, http::header::HeaderMap, web};
use km_api::records::{PutRecord, StoredRecord};
use km_domain::{RecordId, RegisterName};
use km_service::{Problem, StrictJson};

use super::warnings;
use crate::{
    error::RegistryError,
    operations::{
        Caller,
        seal::{self, Sealed},
        sealing::Item,
    },
    rest::{
        Rest, body,
        idempotency::{self, Reply},
        path, preconditions, to_its_end,
    },
};

/// Creates a record (`If-None-Match: *`) or updates it (`If-Match: "N"`).
#[utoipa::path(
    put, path = "/v1/registers/{register}/records/{id}", tag = "records", operation_id = "put_record",
    params(
        ("register" = String, Path, example = "individual"),
        ("id" = String, Path, description = "UUID that the client chose", format = "uuid"),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create"),
        ("If-Match" = Option<String>, Header, description = "The version to build on, in double quotes"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters"),
    ),
    request_body = PutRecord, security(("token" = [])),
    responses(
        (status = 200, body = StoredRecord, description = "Updated"),
        (status = 201, body = StoredRecord, description = "Created"),
        (status = "4XX", body = km_api::Problem),
    )
)]
pub async fn put(
    request: HttpRequest,
    rest: web::Data<Rest>,
    caller: Caller,
    names: web::Path<(String, String)>,
    sent: Result<StrictJson<PutRecord>, Problem>,
) -> Result<HttpResponse, Problem> {
    to_its_end(put_record(request.headers().clone(), rest, caller, names.into_inner(), sent)).await?
}

async fn put_record(
    headers: HeaderMap,
    rest: web::Data<Rest>,
    caller: Caller,
    (register, id): (String, String),
    sent: Result<StrictJson<PutRecord>, Problem>,
) -> Result<HttpResponse, Problem> {
    let sent = body::read(&rest, &register, sent)?;
    let asked = (|| Ok((path::register(&register)?, path::record(&id)?, preconditions::next_version(&headers)?)))();
    let (name, record, version) = match asked {
        Ok(asked) => asked,
        Err(error) => return Err(rest.fail(&caller, &register, error).await),
    };
    let stands_for = format!("PUT {register} {record} {version} {}", sent.jwe);
    let work = store(&rest, &caller, &name, record, version, sent.jwe);
    match idempotency::once(&rest.registry, &caller, &headers, &stands_for, work).await {
        Ok(reply) => Ok(reply.into_response()),
        Err(error) => Err(rest.fail(&caller, &register, error).await),
    }
}

async fn store(
    rest: &Rest,
    caller: &Caller,
    register: &RegisterName,
    record: RecordId,
    version: u32,
    jwe: String,
) -> Result<Reply, RegistryError> {
    let item = Item { jwe, records: vec![(record, version)] };
    let mut outcomes = seal::seal(&rest.registry, caller, register, vec![item], false).await?;
    let (status, version, receipt, duplicates) = match outcomes.pop().ok_or(RegistryError::UnknownRecord)?.1 {
        Sealed::Created { version, receipt, duplicates } => (201, version, receipt, duplicates),
        Sealed::Updated { version, receipt, duplicates } => (200, version, receipt, duplicates),
        // It exists at a later version than the caller builds on: to an update that is a conflict.
        Sealed::Refused(RegistryError::Exists { version: current }) if version > 1 => {
            return Err(RegistryError::PreconditionFailed { current: Some(current) });
        }
        Sealed::Refused(error) => return Err(error),
    };
    let stored = StoredRecord { record, version, receipt, warnings: warnings(duplicates) };
    let body = serde_json::to_value(stored).unwrap_or_default();
    Ok(Reply { status, version: Some(version), body })
}

//! `DELETE /v1/registers/{register}/records/{id}`

use actix_web::web;
use km_api::records::{ErasedRecord, SignedRequest};
use km_service::{Problem, StrictJson};

use crate::{
    error::RegistryError,
    operations::{Caller, erase as operation},
    rest::{Rest, body, path},
};

/// Erases a record: its subject key is destroyed, its rows go, a certificate of erasure stays.
#[utoipa::path(
    delete, path = "/v1/registers/{register}/records/{id}", tag = "records", operation_id = "erase_record",
    params(
        ("register" = String, Path, example = "individual"),
        ("id" = String, Path, format = "uuid"),
    ),
    request_body = SignedRequest, security(("token" = [])),
    responses((status = 200, body = ErasedRecord), (status = "4XX", body = km_api::Problem))
)]
pub async fn erase(
    rest: web::Data<Rest>,
    caller: Caller,
    names: web::Path<(String, String)>,
    sent: Result<StrictJson<SignedRequest>, Problem>,
) -> Result<web::Json<ErasedRecord>, Problem> {
    let (register, id) = names.into_inner();
    let sent = body::read(&rest, &register, sent)?;
    match run(&rest, &caller, &register, &id, sent.request).await {
        Ok(erased) => Ok(web::Json(erased)),
        Err(error) => Err(rest.fail(&caller, &register, error).await),
    }
}

async fn run(
    rest: &Rest,
    caller: &Caller,
    register: &str,
    id: &str,
    request: String,
) -> Result<ErasedRecord, RegistryError> {
    let (register, record) = (path::register(register)?, path::record(id)?);
    let certificate = operation::erase(&rest.registry, caller, &register, record, request).await?;
    Ok(ErasedRecord { record, certificate })
}

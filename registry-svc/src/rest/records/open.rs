//! `POST /v1/registers/{register}/records/{id}/open`

use actix_web::web;
use km_api::records::{OpenedRecords, SignedRequest};
use km_service::{Problem, StrictJson};

use super::opened;
use crate::{
    error::RegistryError,
    operations::{Caller, open as operation, open::Opened},
    rest::{Rest, body, path},
};

/// Opens one record for the reader who signed the request. The answer is encrypted to that reader.
#[utoipa::path(
    post, path = "/v1/registers/{register}/records/{id}/open", tag = "records", operation_id = "open_record",
    params(
        ("register" = String, Path, example = "individual"),
        ("id" = String, Path, format = "uuid"),
    ),
    request_body = SignedRequest, security(("token" = [])),
    responses((status = 200, body = OpenedRecords), (status = "4XX", body = km_api::Problem))
)]
pub async fn open(
    rest: web::Data<Rest>,
    caller: Caller,
    names: web::Path<(String, String)>,
    sent: Result<StrictJson<SignedRequest>, Problem>,
) -> Result<web::Json<OpenedRecords>, Problem> {
    let (register, id) = names.into_inner();
    let sent = body::read(&rest, &register, sent)?;
    match run(&rest, &caller, &register, &id, sent.request).await {
        Ok(found) => Ok(web::Json(opened(found))),
        Err(error) => Err(rest.fail(&caller, &register, error).await),
    }
}

async fn run(rest: &Rest, caller: &Caller, register: &str, id: &str, request: String) -> Result<Opened, RegistryError> {
    let (register, record) = (path::register(register)?, path::record(id)?);
    operation::open_one(&rest.registry, caller, &register, record, request).await
}

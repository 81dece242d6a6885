//! `POST /v1/registers/{register}/records/open`

use actix_web::web;
use km_api::records::{OpenedRecords, SignedRequest};
use km_service::{Problem, StrictJson};

use super::opened;
use crate::{
    operations::{Caller, open},
    rest::{Rest, body, path},
};

/// Opens the records that the signed request names, at most 1,000.
#[utoipa::path(
    post, path = "/v1/registers/{register}/records/open", tag = "records", operation_id = "open_records",
    params(("register" = String, Path, example = "individual")),
    request_body = SignedRequest, security(("token" = [])),
    responses((status = 200, body = OpenedRecords), (status = "4XX", body = km_api::Problem))
)]
pub async fn open_many(
    rest: web::Data<Rest>,
    caller: Caller,
    name: web::Path<String>,
    sent: Result<StrictJson<SignedRequest>, Problem>,
) -> Result<web::Json<OpenedRecords>, Problem> {
    let sent = body::read(&rest, &name, sent)?;
    let outcome = match path::register(&name) {
        Ok(register) => open::open_many(&rest.registry, &caller, &register, sent.request).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(found) => Ok(web::Json(opened(found))),
        Err(error) => Err(rest.fail(&caller, &name, error).await),
    }
}

//! `POST /v1/registers/{register}/records/find`

use actix_web::web;
use km_api::records::{FoundRecords, RecordVersion, SignedRequest};
use km_service::{Problem, StrictJson};

use crate::{
    operations::{Caller, find as operation},
    rest::{Rest, body, path},
};

/// The records whose field has the value that the signed request holds encrypted.
#[utoipa::path(
    post, path = "/v1/registers/{register}/records/find", tag = "records", operation_id = "find_records",
    params(("register" = String, Path, example = "individual")),
    request_body = SignedRequest, security(("token" = [])),
    responses((status = 200, body = FoundRecords), (status = "4XX", body = km_api::Problem))
)]
pub async fn find(
    rest: web::Data<Rest>,
    caller: Caller,
    name: web::Path<String>,
    sent: Result<StrictJson<SignedRequest>, Problem>,
) -> Result<web::Json<FoundRecords>, Problem> {
    let sent = body::read(&rest, &name, sent)?;
    let outcome = match path::register(&name) {
        Ok(register) => operation::find(&rest.registry, &caller, &register, sent.request).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(found) => {
            let records = found.into_iter().map(|(record, version)| RecordVersion { record, version });
            Ok(web::Json(FoundRecords { records: records.collect() }))
        }
        Err(error) => Err(rest.fail(&caller, &name, error).await),
    }
}

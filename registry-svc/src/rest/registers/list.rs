//! `GET /v1/registers`

use actix_web::web;
use km_api::registers::{RegisterList, RegisterSummary};
use km_service::Problem;

use crate::{
    operations::{Caller, status},
    rest::Rest,
};

/// The registers of this registry, with how many records each has.
#[utoipa::path(
    get, path = "/v1/registers", tag = "registers", operation_id = "list_registers", security(("token" = [])),
    responses((status = 200, body = RegisterList), (status = "4XX", body = km_api::Problem))
)]
pub async fn list(rest: web::Data<Rest>, caller: Caller) -> Result<web::Json<RegisterList>, Problem> {
    let found = match status::registers(&rest.registry, &caller).await {
        Ok(found) => found,
        Err(error) => return Err(rest.fail(&caller, "", error).await),
    };
    let registers = found.into_iter().map(|register| RegisterSummary {
        register: register.register,
        title: register.title,
        schema: register.schema,
        records: u64::try_from(register.records).unwrap_or_default(),
    });
    Ok(web::Json(RegisterList { registers: registers.collect() }))
}

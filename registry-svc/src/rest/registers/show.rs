//! `GET /v1/registers/{register}`

use actix_web::{HttpResponse, web};
use km_service::Problem;

use crate::{
    operations::{Caller, status},
    rest::{Rest, path},
};

/// The register's definition as its file stands: JSON Schema 2020-12 with the keyword `x-sealkeep`.
#[utoipa::path(
    get, path = "/v1/registers/{register}", tag = "registers", operation_id = "show_register",
    params(("register" = String, Path, example = "individual")), security(("token" = [])),
    responses((status = 200, body = Object), (status = "4XX", body = km_api::Problem))
)]
pub async fn show(rest: web::Data<Rest>, caller: Caller, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let found = path::register(&name)
        .and_then(|register| status::definition(&rest.registry, &caller, &register).map(str::to_owned));
    match found {
        Ok(text) => Ok(HttpResponse::Ok().content_type("application/json").body(text)),
        Err(error) => Err(rest.fail(&caller, &name, error).await),
    }
}

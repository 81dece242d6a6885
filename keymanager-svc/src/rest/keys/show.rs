//! `GET /v1/keys/{id}`

use actix_web::{HttpResponse, web};
use km_api::keys::KeyDescription;
use km_operations::keys;
use km_service::Problem;
use utoipa::path as documented;

use super::describe;
use crate::{edge::Edge, error::problem_of, rest::Authenticated};

/// One key of the caller's tenant.
#[documented(get, path = "/v1/keys/{id}", operation_id = "show_key", params(("id" = String, Path)), responses((status = 200, body = KeyDescription)), tag = "keys")]
#[actix_web::get("/v1/keys/{id}")]
pub async fn show(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let found = edge.perform(&edge.plain, move |operations, _| keys::show(operations, &caller.0, &id)).await;
    let key = found.map_err(|error| problem_of(&error))?.outcome;
    Ok(HttpResponse::Ok().json(describe(&key)))
}

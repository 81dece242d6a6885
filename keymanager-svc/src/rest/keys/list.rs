//! `GET /v1/keys`

use actix_web::{HttpResponse, web};
use km_api::keys::KeyList;
use km_operations::keys;
use km_service::Problem;
use utoipa::path as documented;

use super::describe;
use crate::{edge::Edge, error::problem_of, rest::Authenticated};

/// All keys of the caller's tenant.
#[documented(get, path = "/v1/keys", operation_id = "list_keys", responses((status = 200, body = KeyList)), tag = "keys")]
#[actix_web::get("/v1/keys")]
pub async fn list(edge: web::Data<Edge>, caller: Authenticated) -> Result<HttpResponse, Problem> {
    let found = edge.perform(&edge.plain, move |operations, _| keys::list(operations, &caller.0)).await;
    let keys = found.map_err(|error| problem_of(&error))?.outcome;
    Ok(HttpResponse::Ok().json(KeyList { keys: keys.iter().map(|key| describe(key)).collect() }))
}

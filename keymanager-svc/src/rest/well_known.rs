//! `GET /.well-known/jwks.json`

use actix_web::{HttpResponse, http::header, web};
use km_api::keys::KeySet;
use km_domain::TenantId;
use km_operations::keys;
use km_service::Problem;
use serde::Deserialize;
use utoipa::path as documented;

use crate::{edge::Edge, error::problem_of};

/// Which tenant's keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    tenant: Option<TenantId>,
}

/// Public keys: ingest keys to encrypt to (`use: enc`), answer, signing and checkpoint keys to verify with. For everybody.
#[documented(get, path = "/.well-known/jwks.json", params(("tenant" = Option<String>, Query, description = "Only this tenant's keys and the installation's")), responses((status = 200, body = KeySet)), tag = "keys")]
#[actix_web::get("/.well-known/jwks.json")]
pub async fn jwks(edge: web::Data<Edge>, query: web::Query<Query>) -> Result<HttpResponse, Problem> {
    // From memory and without a lane: clients can encrypt and verify while neither token nor database answers.
    let set = keys::jwks(&edge.parts.operations, query.tenant.as_ref()).map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=60")).json(KeySet { keys: set }))
}

//! `POST /v1/officer/keys` and `POST /v1/officer/keys/{id}/rotate`

use actix_web::{HttpResponse, web};
use km_api::keys::{CreateKey, KeyMade, RotateKey};
use km_operations::keys::{self, NewKey};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use super::caller::Officer;
use crate::{edge::Edge, error::problem_of};

/// Makes a key for callers.
#[documented(post, path = "/v1/officer/keys", request_body = CreateKey, responses((status = 201, body = KeyMade)), tag = "officer")]
#[actix_web::post("/v1/officer/keys")]
pub async fn create(
    edge: web::Data<Edge>,
    officer: Officer,
    body: StrictJson<CreateKey>,
) -> Result<HttpResponse, Problem> {
    let CreateKey { id, purpose, algorithm, allow } = body.0;
    let new = NewKey { id, purpose, algorithm, roles: allow.into_iter().collect() };
    let made = edge
        .with_token(move |operations, record| keys::create(operations, record, &officer.0, new.clone()))
        .await
        .map_err(|error| problem_of(&error))?;
    edge.reload().await.map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::Created().json(KeyMade { id: made.outcome, version: 1 }))
}

/// Makes a new version that protects from now on; the old ones decrypt and verify only.
#[documented(post, path = "/v1/officer/keys/{id}/rotate", params(("id" = String, Path)), request_body = RotateKey, responses((status = 200, body = KeyMade)), tag = "officer")]
#[actix_web::post("/v1/officer/keys/{id}/rotate")]
pub async fn rotate(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    officer: Officer,
    _body: StrictJson<RotateKey>,
) -> Result<HttpResponse, Problem> {
    let rotated = edge
        .with_token(move |operations, record| keys::rotate(operations, record, &officer.0, &id))
        .await
        .map_err(|error| problem_of(&error))?
        .outcome;
    edge.reload().await.map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::Ok().json(KeyMade { id: rotated.key, version: rotated.version }))
}

//! `POST /v1/officer/keys` and `POST /v1/officer/keys/{id}/rotate`

use actix_web::{HttpResponse, http::StatusCode, web};
use km_api::keys::{CreateKey, KeyMade, RotateKey};
use km_operations::{
    Operations, Record,
    keys::{self, NewKey},
};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use super::caller::Officer;
use crate::{
    edge::Edge,
    error::problem_of,
    idempotency::{self, IdempotencyKey},
};

/// Makes a key for callers.
#[documented(post, path = "/v1/officer/keys", operation_id = "create_key", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters")), request_body = CreateKey, responses((status = 201, body = KeyMade)), tag = "officer")]
#[actix_web::post("/v1/officer/keys")]
pub async fn create(
    edge: web::Data<Edge>,
    officer: Officer,
    key: IdempotencyKey,
    body: StrictJson<CreateKey>,
) -> Result<HttpResponse, Problem> {
    let request_key = key.of(&officer.0, "POST /v1/officer/keys", &body.0)?;
    let CreateKey { id, purpose, algorithm, allow } = body.0;
    let new = NewKey { id, purpose, algorithm, roles: allow.into_iter().collect() };
    let operation =
        move |operations: &Operations, record: &Record| keys::create(operations, record, &officer.0, new.clone());
    let answer = idempotency::once(&edge, &edge.making, request_key, operation, |made| {
        idempotency::json(StatusCode::CREATED, &KeyMade { id: made.clone(), version: 1 })
    });
    let answer = answer.await.map_err(|error| problem_of(&error))?;
    edge.reload().await.map_err(|error| problem_of(&error))?;
    Ok(idempotency::response(answer))
}

/// Makes a new version that protects from now on; the old ones decrypt and verify only.
#[documented(post, path = "/v1/officer/keys/{id}/rotate", operation_id = "rotate_key", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters")), request_body = RotateKey, responses((status = 200, body = KeyMade)), tag = "officer")]
#[actix_web::post("/v1/officer/keys/{id}/rotate")]
pub async fn rotate(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    officer: Officer,
    key: IdempotencyKey,
    body: StrictJson<RotateKey>,
) -> Result<HttpResponse, Problem> {
    let request_key = key.of(&officer.0, &format!("POST /v1/officer/keys/{id}/rotate"), &body.0)?;
    let operation = move |operations: &Operations, record: &Record| keys::rotate(operations, record, &officer.0, &id);
    let answer = idempotency::once(&edge, &edge.making, request_key, operation, |rotated| {
        idempotency::json(StatusCode::OK, &KeyMade { id: rotated.key.clone(), version: rotated.version })
    });
    let answer = answer.await.map_err(|error| problem_of(&error))?;
    edge.reload().await.map_err(|error| problem_of(&error))?;
    Ok(idempotency::response(answer))
}

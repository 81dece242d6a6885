//! `POST /v1/me/keys` and `GET /v1/me/keys`

use actix_web::{HttpResponse, http::StatusCode, web};
use km_api::readers::{EnrolKey, EnrolledKey, EnrolledKeys, EnrolmentState};
use km_operations::{
    Operations, Record,
    readers::{self, KeyStanding},
};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{
    edge::Edge,
    error::problem_of,
    idempotency::{self, IdempotencyKey},
    rest::Authenticated,
};

/// Enrols a key of your own: you sign requests and records with it, and answers are encrypted to it. It waits until an
/// officer approves it.
#[documented(post, path = "/v1/me/keys", operation_id = "enrol_own_key", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters")), request_body = EnrolKey, responses((status = 200, body = EnrolledKey)), tag = "your keys")]
#[actix_web::post("/v1/me/keys")]
pub async fn enrol(
    edge: web::Data<Edge>,
    caller: Authenticated,
    key: IdempotencyKey,
    body: StrictJson<EnrolKey>,
) -> Result<HttpResponse, Problem> {
    let request_key = key.of(&caller.0, "POST /v1/me/keys", &body.0)?;
    let (jwk, proof) = (body.0.jwk.to_string(), body.0.proof);
    let operation =
        move |operations: &Operations, _: &Record| readers::enrol(operations, &caller.0, jwk.as_bytes(), &proof);
    let answer = idempotency::once(&edge, &edge.token, request_key, operation, |enrolled| {
        idempotency::json(StatusCode::OK, &shape(enrolled))
    });
    Ok(idempotency::response(answer.await.map_err(|error| problem_of(&error))?))
}

/// Your keys.
#[documented(get, path = "/v1/me/keys", operation_id = "list_own_keys", responses((status = 200, body = EnrolledKeys)), tag = "your keys")]
#[actix_web::get("/v1/me/keys")]
pub async fn own(edge: web::Data<Edge>, caller: Authenticated) -> Result<HttpResponse, Problem> {
    let found = edge.perform(&edge.plain, move |operations, _| readers::own(operations, &caller.0)).await;
    let keys = found.map_err(|error| problem_of(&error))?.outcome;
    Ok(HttpResponse::Ok().json(EnrolledKeys { keys: keys.iter().map(shape).collect() }))
}

fn shape(key: &readers::EnrolledKey) -> EnrolledKey {
    EnrolledKey { id: key.thumbprint.clone(), state: state(key.standing), requested: Some(key.created), decided: None }
}

/// Where an enrolment stands, in the words of the interface.
pub const fn state(standing: KeyStanding) -> EnrolmentState {
    match standing {
        KeyStanding::Waiting => EnrolmentState::Waiting,
        KeyStanding::Active => EnrolmentState::Active,
        KeyStanding::Revoked => EnrolmentState::Revoked,
    }
}

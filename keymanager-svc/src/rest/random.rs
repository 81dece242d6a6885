//! `POST /v1/random`

use actix_web::{HttpResponse, web};
use km_api::{
    Plaintext,
    random::{RandomBytes, RandomRequest},
};
use km_operations::messages;
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{edge::Edge, error::problem_of, rest::Authenticated};

/// Random bytes from the token's generator.
#[documented(post, path = "/v1/random", request_body = RandomRequest, responses((status = 200, body = RandomBytes)), tag = "random")]
#[actix_web::post("/v1/random")]
pub async fn random(
    edge: web::Data<Edge>,
    caller: Authenticated,
    body: StrictJson<RandomRequest>,
) -> Result<HttpResponse, Problem> {
    let length = body.0.length;
    let done = edge.with_token(move |operations, _| messages::random(operations, &caller.0, length)).await;
    let bytes = done.map_err(|error| problem_of(&error))?.outcome;
    Ok(HttpResponse::Ok().json(RandomBytes { bytes: Plaintext(bytes) }))
}

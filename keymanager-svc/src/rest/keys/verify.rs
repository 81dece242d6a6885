//! `POST /v1/keys/{id}/verify`

use actix_web::{HttpResponse, web};
use km_api::{
    OneOrMany, OneOrResults,
    messages::{Verified, Verify},
};
use km_operations::messages::{self, Claim};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{
    edge::Edge,
    error::problem_of,
    rest::{Authenticated, batch::answer},
};

/// Verifies signatures with a signing key; the token is not needed.
#[documented(post, path = "/v1/keys/{id}/verify", params(("id" = String, Path)), request_body = OneOrMany<Verify>, responses((status = 200, body = OneOrResults<Verified>)), tag = "messages")]
#[actix_web::post("/v1/keys/{id}/verify")]
pub async fn verify(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    caller: Authenticated,
    body: StrictJson<OneOrMany<Verify>>,
) -> Result<HttpResponse, Problem> {
    let (items, many) = body.0.into_items();
    let claims: Vec<Claim> = items
        .into_iter()
        .map(|item| Claim {
            message: item.message.0,
            signature: item.signature.0,
            algorithm: item.algorithm,
            kid: item.kid,
        })
        .collect();
    let done = edge
        .perform(&edge.plain, move |operations, _| messages::verify(operations, &caller.0, &id, &claims))
        .await
        .map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::Ok().json(answer(done.outcome, many, |valid| Verified { valid })?))
}

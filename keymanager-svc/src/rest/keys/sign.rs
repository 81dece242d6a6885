//! `POST /v1/keys/{id}/sign`

use actix_web::{HttpResponse, web};
use km_api::{
    Base64Url, OneOrMany, OneOrResults,
    messages::{Sign, Signed},
};
use km_operations::messages;
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{
    edge::Edge,
    error::problem_of,
    rest::{Authenticated, batch::answer},
};

/// Signs with the current version of a signing key, inside the token.
#[documented(post, path = "/v1/keys/{id}/sign", params(("id" = String, Path)), request_body = OneOrMany<Sign>, responses((status = 200, body = OneOrResults<Signed>)), tag = "messages")]
#[actix_web::post("/v1/keys/{id}/sign")]
pub async fn sign(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    caller: Authenticated,
    body: StrictJson<OneOrMany<Sign>>,
) -> Result<HttpResponse, Problem> {
    let (items, many) = body.0.into_items();
    let items: Vec<_> = items.into_iter().map(|item| (item.message.0, item.algorithm)).collect();
    let done = edge
        .with_token(move |operations, _| messages::sign(operations, &caller.0, &id, &items))
        .await
        .map_err(|error| problem_of(&error))?;
    let turn = |done: messages::Signed| Signed {
        signature: Base64Url(done.signature),
        algorithm: done.algorithm,
        kid: done.kid,
    };
    Ok(HttpResponse::Ok().json(answer(done.outcome, many, turn)?))
}

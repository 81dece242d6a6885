//! `POST /v1/keys/{id}/rewrap`

use actix_web::{HttpResponse, web};
use km_api::{
    Base64Url, OneOrMany, OneOrResults,
    messages::{Encrypted, Rewrap},
};
use km_operations::messages;
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{
    edge::Edge,
    error::problem_of,
    rest::{Authenticated, batch::answer},
};

/// Moves ciphertexts to the current version; plaintext does not leave.
#[documented(post, path = "/v1/keys/{id}/rewrap", params(("id" = String, Path)), request_body = OneOrMany<Rewrap>, responses((status = 200, body = OneOrResults<Encrypted>)), tag = "messages")]
#[actix_web::post("/v1/keys/{id}/rewrap")]
pub async fn rewrap(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    caller: Authenticated,
    body: StrictJson<OneOrMany<Rewrap>>,
) -> Result<HttpResponse, Problem> {
    let (items, many) = body.0.into_items();
    let items: Vec<_> = items
        .into_iter()
        .map(|item| (item.ciphertext.0, item.context.map(|context| context.0).unwrap_or_default()))
        .collect();
    let done = edge
        .with_token(move |operations, record| messages::rewrap(operations, record, &caller.0, &id, &items))
        .await
        .map_err(|error| problem_of(&error))?;
    let turn = |done: messages::Encrypted| Encrypted { ciphertext: Base64Url(done.ciphertext), version: done.version };
    Ok(HttpResponse::Ok().json(answer(done.outcome, many, turn)?))
}

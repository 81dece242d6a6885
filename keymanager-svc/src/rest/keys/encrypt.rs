//! `POST /v1/keys/{id}/encrypt`

use actix_web::{HttpResponse, web};
use km_api::{
    Base64Url, OneOrMany, OneOrResults,
    messages::{Encrypt, Encrypted},
};
use km_operations::messages::{self, Plain};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{
    edge::Edge,
    error::problem_of,
    rest::{Authenticated, batch::answer},
};

/// Encrypts under the current version of an AES key, inside the token.
#[documented(post, path = "/v1/keys/{id}/encrypt", params(("id" = String, Path)), request_body = OneOrMany<Encrypt>, responses((status = 200, body = OneOrResults<Encrypted>)), tag = "messages")]
#[actix_web::post("/v1/keys/{id}/encrypt")]
pub async fn encrypt(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    caller: Authenticated,
    body: StrictJson<OneOrMany<Encrypt>>,
) -> Result<HttpResponse, Problem> {
    let (items, many) = body.0.into_items();
    let items: Vec<Plain> = items
        .into_iter()
        .map(|item| Plain {
            plaintext: item.plaintext.0,
            context: item.context.map(|context| context.0).unwrap_or_default(),
        })
        .collect();
    let done = edge
        .with_token(move |operations, record| messages::encrypt(operations, record, &caller.0, &id, &items))
        .await
        .map_err(|error| problem_of(&error))?;
    let turn = |done: messages::Encrypted| Encrypted { ciphertext: Base64Url(done.ciphertext), version: done.version };
    Ok(HttpResponse::Ok().json(answer(done.outcome, many, turn)?))
}

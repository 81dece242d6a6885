//! `POST /v1/keys/{id}/decrypt`

use actix_web::{HttpResponse, web};
use km_api::{
    OneOrMany, OneOrResults, Plaintext,
    messages::{Decrypt, Decrypted},
};
use km_operations::messages;
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{
    edge::Edge,
    error::problem_of,
    rest::{Authenticated, batch::answer},
};

/// Decrypts what encrypt gave out, or RSAES-OAEP with SHA-256 under a decrypt key.
#[documented(post, path = "/v1/keys/{id}/decrypt", params(("id" = String, Path)), request_body = OneOrMany<Decrypt>, responses((status = 200, body = OneOrResults<Decrypted>)), tag = "messages")]
#[actix_web::post("/v1/keys/{id}/decrypt")]
pub async fn decrypt(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    caller: Authenticated,
    body: StrictJson<OneOrMany<Decrypt>>,
) -> Result<HttpResponse, Problem> {
    let (items, many) = body.0.into_items();
    let items: Vec<_> = items
        .into_iter()
        .map(|item| (item.ciphertext.0, item.context.map(|context| context.0).unwrap_or_default()))
        .collect();
    let done = edge
        .with_token(move |operations, _| messages::decrypt(operations, &caller.0, &id, &items))
        .await
        .map_err(|error| problem_of(&error))?;
    let turn = |plaintext| Decrypted { plaintext: Plaintext(plaintext) };
    Ok(HttpResponse::Ok().json(answer(done.outcome, many, turn)?))
}

//! `POST /v1/keys/{id}/mac`

use actix_web::{HttpResponse, web};
use km_api::{
    Base64Url, OneOrMany, OneOrResults,
    messages::{Mac, MacAnswer, MacMade, Verified},
};
use km_operations::{OperationError, messages};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{
    edge::Edge,
    error::problem_of,
    rest::{Authenticated, batch::answer},
};

/// Makes HMAC-SHA-256 codes, or checks those given. The items of one call all do the same.
#[documented(post, path = "/v1/keys/{id}/mac", params(("id" = String, Path)), request_body = OneOrMany<Mac>, responses((status = 200, body = OneOrResults<MacAnswer>)), tag = "messages")]
#[actix_web::post("/v1/keys/{id}/mac")]
pub async fn mac(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    caller: Authenticated,
    body: StrictJson<OneOrMany<Mac>>,
) -> Result<HttpResponse, Problem> {
    let (items, many) = body.0.into_items();
    let checks = items.iter().filter(|item| item.mac.is_some()).count();
    if checks != 0 && checks != items.len() {
        let rule = "must be given for all items or for none";
        return Err(problem_of(&OperationError::invalid("mac", rule)));
    }
    if checks == 0 {
        let messages: Vec<_> = items.into_iter().map(|item| item.message.0).collect();
        let made = edge
            .with_token(move |operations, _| messages::mac(operations, &caller.0, &id, &messages))
            .await
            .map_err(|error| problem_of(&error))?;
        let turn = |made: messages::Maced| {
            MacAnswer::Made(MacMade { mac: Base64Url(made.mac.to_vec()), version: made.version })
        };
        return Ok(HttpResponse::Ok().json(answer(made.outcome, many, turn)?));
    }
    let items: Vec<_> =
        items.into_iter().map(|item| (item.message.0, item.mac.map(|mac| mac.0).unwrap_or_default())).collect();
    let checked = edge
        .with_token(move |operations, _| messages::verify_mac(operations, &caller.0, &id, &items))
        .await
        .map_err(|error| problem_of(&error))?;
    let turn = |valid| MacAnswer::Checked(Verified { valid });
    Ok(HttpResponse::Ok().json(answer(checked.outcome, many, turn)?))
}

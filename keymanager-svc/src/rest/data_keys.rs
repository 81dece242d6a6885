//! `POST /v1/datakeys` and `POST /v1/datakeys/unwrap`

use actix_web::{HttpResponse, web};
use km_api::{
    Base64Url, OneOrMany, OneOrResults, Plaintext,
    data_keys::{DataKey, NewDataKey, UnwrapDataKey, UnwrappedDataKey},
};
use km_operations::{
    OperationError,
    messages::{self, Ciphertext},
};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{
    edge::Edge,
    error::problem_of,
    rest::{Authenticated, batch::answer},
};

/// New data keys, each in clear and wrapped under an encrypt key. All items of one call name the same key.
#[documented(post, path = "/v1/datakeys", operation_id = "create_data_key", request_body = OneOrMany<NewDataKey>, responses((status = 200, body = OneOrResults<DataKey>)), tag = "data keys")]
#[actix_web::post("/v1/datakeys")]
pub async fn create(
    edge: web::Data<Edge>,
    caller: Authenticated,
    body: StrictJson<OneOrMany<NewDataKey>>,
) -> Result<HttpResponse, Problem> {
    let (items, many) = body.0.into_items();
    let id = one_key(items.iter().map(|item| item.key.to_string()))?;
    let contexts: Vec<Vec<u8>> =
        items.into_iter().map(|item| item.context.map(|context| context.0).unwrap_or_default()).collect();
    let done = edge
        .with_token(move |operations, record| messages::new_data_keys(operations, record, &caller.0, &id, &contexts))
        .await
        .map_err(|error| problem_of(&error))?;
    let turn = |made: messages::DataKey| DataKey {
        plaintext: Plaintext(made.plaintext),
        wrapped: Base64Url(made.wrapped),
        version: made.version,
    };
    Ok(HttpResponse::Ok().json(answer(done.outcome, many, turn)?))
}

/// Unwraps data keys. All items of one call are wrapped under the same key.
#[documented(post, path = "/v1/datakeys/unwrap", operation_id = "unwrap_data_key", request_body = OneOrMany<UnwrapDataKey>, responses((status = 200, body = OneOrResults<UnwrappedDataKey>)), tag = "data keys")]
#[actix_web::post("/v1/datakeys/unwrap")]
pub async fn unwrap(
    edge: web::Data<Edge>,
    caller: Authenticated,
    body: StrictJson<OneOrMany<UnwrapDataKey>>,
) -> Result<HttpResponse, Problem> {
    let (items, many) = body.0.into_items();
    let named = items.iter().map(|item| Ciphertext::parse(&item.wrapped.0).map(|wrapped| wrapped.key.key.to_string()));
    let named = named.collect::<Result<Vec<_>, _>>().map_err(|error| problem_of(&error))?;
    let id = one_key(named.into_iter())?;
    let items: Vec<_> = items
        .into_iter()
        .map(|item| (item.wrapped.0, item.context.map(|context| context.0).unwrap_or_default()))
        .collect();
    let done = edge
        .with_token(move |operations, _| messages::unwrap_data_keys(operations, &caller.0, &id, &items))
        .await
        .map_err(|error| problem_of(&error))?;
    let turn = |plaintext| UnwrappedDataKey { plaintext: Plaintext(plaintext) };
    Ok(HttpResponse::Ok().json(answer(done.outcome, many, turn)?))
}

fn one_key(mut named: impl Iterator<Item = String>) -> Result<String, Problem> {
    let first = named.next().unwrap_or_default();
    if named.all(|other| other == first) {
        Ok(first)
    } else {
        Err(problem_of(&OperationError::invalid("key", "must be the same for all items of one call")))
    }
}

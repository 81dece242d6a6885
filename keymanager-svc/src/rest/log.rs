//! `GET /v1/log/checkpoint`, `GET /v1/log/events` and `GET /v1/log/proof`

use actix_web::{HttpResponse, web};
use km_api::{
    Base64Url,
    log::{Events, EventsQuery, Proof, ProofQuery},
};
use km_operations::{OperationError, log};
use km_service::Problem;
use utoipa::path as documented;

use crate::{edge::Edge, error::problem_of, rest::Authenticated};

/// Events of a page where the caller names no number.
const PAGE: u64 = 100;

/// The newest checkpoint, a C2SP signed note: the log's name, size and root hash, signed in the token.
#[documented(get, path = "/v1/log/checkpoint", responses((status = 200, content_type = "text/plain", body = String)), tag = "log")]
#[actix_web::get("/v1/log/checkpoint")]
pub async fn checkpoint(edge: web::Data<Edge>, _caller: Authenticated) -> Result<HttpResponse, Problem> {
    let newest = edge.ask(&edge.plain, log::newest).await.map_err(|error| problem_of(&error))?;
    let (_, note) = newest.ok_or_else(|| problem_of(&OperationError::NotFound("checkpoint")))?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(note))
}

/// Events of the caller's tenant and of the installation, in order. That they were read is an event too.
#[documented(get, path = "/v1/log/events", params(EventsQuery), responses((status = 200, body = Events)), tag = "log")]
#[actix_web::get("/v1/log/events")]
pub async fn events(
    edge: web::Data<Edge>,
    caller: Authenticated,
    query: web::Query<EventsQuery>,
) -> Result<HttpResponse, Problem> {
    let from = query.from.unwrap_or(0);
    let limit = u32::try_from(query.limit.unwrap_or(PAGE)).ok().filter(|limit| (1..=1000).contains(limit));
    let limit = limit.ok_or_else(|| problem_of(&OperationError::invalid("limit", "must be from 1 to 1000")))?;
    let found = edge.perform(&edge.plain, move |operations, _| log::read(operations, &caller.0, from, limit)).await;
    let page = found.map_err(|error| problem_of(&error))?.outcome;
    let events = page.events.iter().map(as_json).collect::<Result<Vec<_>, _>>().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().json(Events { events, next: page.next }))
}

/// The leaf that is hashed into the tree, as JSON.
fn as_json(logged: &km_audit::LoggedEvent) -> Result<serde_json::Value, String> {
    let leaf = logged.leaf().map_err(|error| error.to_string())?;
    serde_json::from_slice(&leaf).map_err(|error| error.to_string())
}

/// A proof: of inclusion with `index` and `size`, of consistency with `from` and `to` (RFC 9162, section 2.1).
#[documented(get, path = "/v1/log/proof", params(ProofQuery), responses((status = 200, body = Proof)), tag = "log")]
#[actix_web::get("/v1/log/proof")]
pub async fn proof(
    edge: web::Data<Edge>,
    _caller: Authenticated,
    query: web::Query<ProofQuery>,
) -> Result<HttpResponse, Problem> {
    let asked = query.into_inner();
    let found = match (asked.index, asked.size, asked.from, asked.to) {
        (Some(index), Some(size), None, None) => {
            edge.ask(&edge.plain, move |operations| log::inclusion(operations, index, size)).await
        }
        (None, None, Some(from), Some(to)) => {
            edge.ask(&edge.plain, move |operations| log::consistency(operations, from, to)).await
        }
        _ => Err(OperationError::invalid("query", "must be index and size, or from and to")),
    };
    let hashes = found.map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::Ok().json(Proof { hashes: hashes.iter().map(|hash| Base64Url(hash.to_vec())).collect() }))
}

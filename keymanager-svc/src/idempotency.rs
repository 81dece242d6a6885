//! `Idempotency-Key` at the doors that speak HTTP: two requests of one caller with one key are one request.
//!
//! Routes that make something durable for the caller take it. All others change nothing and may be repeated at will; nothing
//! of them is kept, for their answers hold secrets.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header::ContentType},
};
use km_operations::{
    Caller, Operation, OperationError, Operations, Record,
    idempotency::{self, KeptAnswer, RequestKey},
};
use km_service::{Problem, problem};
use serde::Serialize;

use crate::edge::{Edge, TimedLane};

const HEADER: &str = "idempotency-key";
const RULE: &str = "must stand once and be 1 to 128 visible ASCII characters";

/// The request's key, if it came with one.
pub struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// What the key stands for: this caller, this route and this body.
    pub fn of(&self, caller: &Caller, route: &str, body: &impl Serialize) -> Result<Option<RequestKey>, Problem> {
        let Some(key) = &self.0 else { return Ok(None) };
        let body = serde_json::to_string(body).map_err(Problem::internal)?;
        Ok(Some(RequestKey::new(caller, key, &format!("{route}\n{body}"))))
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(HEADER);
        let key = match (values.next(), values.next()) {
            (None, _) => Some(Self(None)),
            (Some(value), None) => {
                value.to_str().ok().filter(|text| is_key(text)).map(|text| Self(Some(text.to_owned())))
            }
            (Some(_), Some(_)) => None,
        };
        ready(key.ok_or_else(|| Problem::new(&problem::MALFORMED_REQUEST).field("Idempotency-Key", RULE)))
    }
}

fn is_key(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Runs the operation, or gives the answer that the same request had before. `answer` turns its outcome into what is answered
/// and kept.
///
/// # Errors
/// The operation's own; that the key stands for another request.
pub async fn once<T, F, A>(
    edge: &Edge,
    lane: &TimedLane,
    request: Option<RequestKey>,
    operation: F,
    answer: A,
) -> Result<KeptAnswer, OperationError>
where
    T: Send + 'static,
    F: Fn(&Operations, &Record) -> Operation<T> + Send + Sync + 'static,
    A: Fn(&T) -> KeptAnswer + Send + Sync + 'static,
{
    let Some(request) = request else {
        return edge.perform(lane, operation).await.map(|done| answer(&done.outcome));
    };
    if let Some(kept) = before(edge, &request).await? {
        return Ok(kept);
    }
    let answer = Arc::new(answer);
    let (key, to_keep) = (request.clone(), Arc::clone(&answer));
    let done = edge
        .perform(lane, move |operations, record| {
            idempotency::keep(operations, operation(operations, record), &key, |done| to_keep(done))
        })
        .await;
    match done {
        Ok(done) => Ok(answer(&done.outcome)),
        // The same request may have been faster on another thread or replica.
        Err(error) => before(edge, &request).await?.ok_or(error),
    }
}

/// The answer that this request had before.
///
/// # Errors
/// As [`once`].
pub async fn before(edge: &Edge, request: &RequestKey) -> Result<Option<KeptAnswer>, OperationError> {
    let request = request.clone();
    edge.ask(&edge.plain, move |operations| idempotency::kept(operations, &request)).await
}

/// An answer with a JSON body. A body that cannot be written, which none of ours is, goes out empty.
pub fn json(status: StatusCode, body: &impl Serialize) -> KeptAnswer {
    KeptAnswer { status: status.as_u16(), body: serde_json::to_vec(body).unwrap_or_default() }
}

/// An answer without a body.
pub const fn nothing() -> KeptAnswer {
    KeptAnswer { status: 204, body: Vec::new() }
}

/// The response that carries the answer.
pub fn response(answer: KeptAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if answer.body.is_empty() {
        response.finish()
    } else {
        response.content_type(ContentType::json()).body(answer.body)
    }
}

//! What every request passes first and last: it gets its names, a bare error answer becomes a problem document, and
//! one line is logged.

use std::time::{Duration, Instant};

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};

use crate::{
    metrics, patience,
    problem::{Problem, kind_for_status},
    request_id::{REQUEST_ID, RequestContext},
};

/// The name of the door, for log and figures.
#[derive(Debug, Clone, Copy)]
pub struct DoorName(pub &'static str);

/// How long its requests may wait in all ([`crate::patience`]).
#[derive(Debug, Clone, Copy)]
pub struct Patience(pub Duration);

/// The middleware; a [`crate::Door`] wraps every route in it.
///
/// # Errors
/// Those of inner middlewares, as problem documents with the request id.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let names = RequestContext::of_headers(request.headers()).map_err(Problem::internal)?;
    request.extensions_mut().insert(names.clone());
    let whole = request.app_data::<Patience>().map_or(Duration::MAX, |patience| patience.0);
    let mut seen = Seen::of(&request);
    // The request itself may not be kept meanwhile: the router writes to it.
    let answered = match patience::of_request(whole, next.call(request)).await {
        Ok(answered) => answered.map_into_boxed_body(),
        Err(error) => {
            let problem = problem_of(&error);
            seen.log(problem.kind.status, &names, Some(&problem), begun.elapsed());
            return Err(Named { problem, request_id: names.request_id }.into());
        }
    };
    seen.route = answered.request().match_pattern();
    let (mut answered, problem) = as_problem(answered, &names);
    name_and_harden(answered.headers_mut(), &names.request_id);
    seen.log(answered.status().as_u16(), &names, problem.as_ref(), begun.elapsed());
    Ok(answered)
}

/// A problem on its way out through actix-web's error handling.
#[derive(Debug)]
struct Named {
    problem: Problem,
    request_id: String,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Named {
    fn status_code(&self) -> StatusCode {
        self.problem.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.problem.to_response(Some(&self.request_id));
        name_and_harden(response.headers_mut(), &self.request_id);
        response
    }
}

/// The problem that an error is, or the one that fits its status.
fn problem_of(error: &Error) -> Problem {
    error
        .as_error::<Problem>()
        .cloned()
        .unwrap_or_else(|| Problem::new(kind_for_status(error.as_response_error().status_code().as_u16())).cause(error))
}

/// An answer that is an error without a JSON body of its own gets the problem document of its status; a [`Problem`] gets
/// the request id.
fn as_problem(
    answered: ServiceResponse<BoxBody>,
    names: &RequestContext,
) -> (ServiceResponse<BoxBody>, Option<Problem>) {
    let status = answered.status();
    if !status.is_client_error() && !status.is_server_error() {
        return (answered, None);
    }
    if has_json_body(&answered) && answered.response().error().is_none_or(|error| error.as_error::<Problem>().is_none())
    {
        return (answered, None);
    }
    let problem = match answered.response().error() {
        Some(error) => problem_of(error),
        None => Problem::new(kind_for_status(status.as_u16())),
    };
    let allow = answered.headers().get(header::ALLOW).cloned();
    let mut response: HttpResponse = problem.to_response(Some(&names.request_id));
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    (answered.into_response(response), Some(problem))
}

fn has_json_body(answered: &ServiceResponse<BoxBody>) -> bool {
    let media_type = answered.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| media_type.contains("json"))
}

/// The request id goes back; no answer is sniffed, and none that does not say otherwise is kept by a cache.
fn name_and_harden(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static(REQUEST_ID), id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// What the log says of a request. The route's pattern stands for the path, which may hold an id.
struct Seen {
    door: &'static str,
    method: Method,
    route: Option<String>,
}

impl Seen {
    fn of(request: &ServiceRequest) -> Self {
        let door = request.app_data::<DoorName>().map_or("unnamed", |name| name.0);
        Self { door, method: request.method().clone(), route: None }
    }

    /// One line a request.
    fn log(&self, status: u16, names: &RequestContext, problem: Option<&Problem>, took: Duration) {
        let (door, method, route) = (self.door, self.method.as_str(), self.route.as_deref());
        let code = problem.map(|problem| problem.kind.code);
        let cause = problem.and_then(|problem| problem.cause.as_deref());
        let (request_id, trace_id) = (names.request_id.as_str(), names.trace_id());
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let class = match status {
            500.. => "5xx",
            400.. => "4xx",
            _ => "ok",
        };
        metrics::count("http_requests_total", &[("door", door), ("class", class)], 1);
        metrics::observe("http_request_seconds", &[("door", door)], took);
        if status >= 500 {
            tracing::error!(
                event = "http.failed",
                door,
                method,
                route,
                status,
                code,
                cause,
                ms,
                request_id,
                trace_id,
                "a request failed"
            );
        } else if status >= 400 {
            tracing::info!(
                event = "http.refused",
                door,
                method,
                route,
                status,
                code,
                cause,
                ms,
                request_id,
                trace_id,
                "a request was refused"
            );
        } else {
            tracing::info!(
                event = "http.answered",
                door,
                method,
                route,
                status,
                ms,
                request_id,
                trace_id,
                "a request was answered"
            );
        }
    }
}

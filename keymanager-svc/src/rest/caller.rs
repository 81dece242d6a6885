//! From the bearer token of a request to the caller of an operation.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use km_auth::AuthError;
use km_operations::{Caller, OperationError};
use km_service::{Problem, RequestContext};

use crate::{
    edge::{Edge, Refused},
    error::{kind, problem_of},
};

/// A caller whose token was verified. A handler that takes it cannot be reached without one.
pub struct Authenticated(pub Caller);

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let edge = request.app_data::<Data<Edge>>().cloned();
        let names = RequestContext::from_request(request, payload);
        let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = km_auth::bearer(header).map(str::to_owned);
        Box::pin(async move {
            let edge = edge.ok_or_else(|| Problem::internal("a route without its door"))?;
            let names = names.await?;
            let verified = match token {
                Ok(token) => edge.principal(&token).await,
                Err(error) => Err(error),
            };
            match verified {
                Ok(principal) => Ok(Self(edge.caller(principal, &names))),
                Err(error) => Err(refuse(&edge, &error, &names).await),
            }
        })
    }
}

/// What a request without an acceptable token is told. A token that was refused is recorded; a request that brought none
/// is not, or anybody could fill the log.
pub async fn refuse(edge: &Edge, error: &AuthError, names: &RequestContext) -> Problem {
    match error {
        AuthError::Missing => return Problem::new(kind("token-missing")),
        AuthError::IssuerAway => return problem_of(&OperationError::Unavailable(error.to_string())),
        _ => {}
    }
    let request_id = Some(names.request_id.clone());
    edge.record_refusal(Refused { actor: String::new(), reason: "token-invalid", request_id }).await;
    Problem::new(kind("token-invalid")).detail(error.to_string())
}

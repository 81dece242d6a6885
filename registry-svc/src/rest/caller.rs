//! The caller of a request: its bearer token, verified.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use km_auth::{AuthError, bearer};
use km_service::{Problem, RequestContext};

use super::{Rest, problems};
use crate::{keymanager::Behalf, operations::Caller};

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let rest = request.app_data::<web::Data<Rest>>().cloned();
        let names = RequestContext::from_request(request, payload);
        let mut headers = request.headers().get_all(header::AUTHORIZATION);
        // Two tokens: whoever stands between may have read the other.
        let token = match (headers.next(), headers.next()) {
            (Some(value), None) => bearer(value.to_str().ok()).map(str::to_owned),
            (None, _) => Err(AuthError::Missing),
            _ => Err(AuthError::Malformed),
        };
        Box::pin(async move {
            let rest = rest.ok_or_else(|| Problem::internal("the application has no state"))?;
            let token = token.map_err(|error| problems::token(&error))?;
            let principal = rest.tokens.verify(&token).await.map_err(|error| problems::token(&error))?;
            Ok(Self { principal, behalf: Behalf::caller(&token, names.await?) })
        })
    }
}

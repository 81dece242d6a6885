//! Who calls: the token of a request, where the dialect's clients put it.
//!
//! The cookie `Authorization=<token>`, or `Authorization: Bearer`, which MOSIP does not read and newer clients send. A cookie without a
//! token, or with the word `None` in its place, is none. Without a token a caller is refused, unless configuration names a fixed one.

use std::sync::Arc;

use actix_web::{HttpRequest, http::header};
use km_auth::{Audience, AuthError};
use km_domain::Principal;
use km_operations::Caller;
use km_service::RequestContext;

use super::{Dialect, endpoint::Endpoint, error::Refusal};
use crate::edge::Refused;

impl Dialect {
    /// The caller, provided that the endpoint's list names one of the caller's roles.
    ///
    /// # Errors
    /// 401: no token, or one that is not accepted. 403: no role, or another tenant. 503: the issuer cannot be asked.
    pub async fn caller(
        &self,
        endpoint: Endpoint,
        request: &HttpRequest,
        names: &RequestContext,
    ) -> Result<Caller, Refusal> {
        let principal = match self.principal(request).await {
            Ok(principal) => principal,
            Err(AuthError::Missing) => match &self.anonymous {
                Some(anonymous) => Arc::clone(anonymous),
                None => return Err(Refusal::unauthenticated()),
            },
            Err(AuthError::IssuerAway) => return Err(Refusal::busy()),
            Err(_) => {
                let request_id = Some(names.request_id.clone());
                let refused = Refused { actor: String::new(), reason: "token-invalid", request_id };
                self.edge.record_refusal(refused).await;
                return Err(Refusal::unauthenticated());
            }
        };
        let caller = self.edge.caller(principal, names);
        self.admit(endpoint, &caller).await?;
        Ok(caller)
    }

    /// Whether the endpoint's list names one of the caller's roles.
    ///
    /// # Errors
    /// 403: no role, or another tenant. 503: that cannot be recorded.
    pub async fn admit(&self, endpoint: Endpoint, caller: &Caller) -> Result<(), Refusal> {
        let roles = self.roles.get(&endpoint);
        let has_role = roles.is_some_and(|roles| !roles.is_disjoint(&caller.principal.role_names));
        if has_role && caller.principal.tenant == self.tenant {
            return Ok(());
        }
        let refused = caller.clone();
        let recorded = self
            .edge
            .perform(&self.edge.plain, move |operations, _| km_operations::mosip::role_missing(operations, &refused));
        if let Err(error) = recorded.await
            && error.part_away().is_some()
        {
            return Err(Refusal::busy());
        }
        Err(Refusal::forbidden())
    }

    async fn principal(&self, request: &HttpRequest) -> Result<Arc<Principal>, AuthError> {
        let text = |name| request.headers().get(name).map(|value| value.to_str().map_err(|_| AuthError::Malformed));
        let token = match km_auth::bearer::cookie(text(header::COOKIE).transpose()?) {
            Err(AuthError::Missing) => km_auth::bearer(text(header::AUTHORIZATION).transpose()?)?,
            other => other?,
        };
        self.edge.principal_for(token, Audience::OneOf(&self.audiences)).await
    }
}

//! Who is calling: the certificate first, then the token.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use km_domain::ServiceKind;
use km_operations::Caller;
use km_service::{Problem, RequestContext, tls::PeerCertificates};

use crate::{
    edge::{Edge, Refused},
    error::kind,
    rest::Authenticated,
};

/// A caller with an officer's certificate and a token that holds.
pub struct Officer(pub Caller);

impl FromRequest for Officer {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let edge = request.app_data::<web::Data<Edge>>().cloned();
        let chain = PeerCertificates::of(request).map(|chain| chain.0.clone()).unwrap_or_default();
        let names = RequestContext::from_request(request, payload);
        let caller = Authenticated::from_request(request, payload);
        Box::pin(async move {
            let edge = edge.ok_or_else(|| Problem::internal("no edge"))?;
            let names = names.await?;
            let peer = match edge.service(&chain, &[ServiceKind::Officer]) {
                Ok(peer) => peer,
                Err(detail) => {
                    let reason = "certificate-refused";
                    let actor = km_auth::peer::identity(&chain).map(|identity| identity.uri()).unwrap_or_default();
                    edge.record_refusal(Refused { actor, reason, request_id: Some(names.request_id) }).await;
                    return Err(Problem::new(kind(reason)).detail(detail));
                }
            };
            let Authenticated(mut caller) = caller.await?;
            caller.service = Some(peer.identity);
            Ok(Self(caller))
        })
    }
}

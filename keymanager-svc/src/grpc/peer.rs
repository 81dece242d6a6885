//! Who is calling: the registry by its certificate, the person or backend by the forwarded token.

use km_auth::AuthError;
use km_domain::{ServiceIdentity, ServiceKind};
use km_operations::{Caller, OperationError};
use km_service::RequestContext;
use tonic::{Code, Request, Status};

use super::Door;
use crate::{
    edge::Refused,
    error::{kind, problem_of},
};

/// Both identities of a call.
pub struct Both {
    pub service: ServiceIdentity,
    /// Absent where no token came: for what the registry does of its own accord.
    pub caller: Option<Caller>,
}

impl Door {
    /// Checks the certificate, and the token if one came.
    pub async fn identify<T>(&self, request: &Request<T>, kinds: &[ServiceKind]) -> Result<Both, Status> {
        let names = names(request)?;
        let chain: Vec<Vec<u8>> = request
            .peer_certs()
            .map(|certificates| certificates.iter().map(|certificate| certificate.as_ref().to_vec()).collect())
            .unwrap_or_default();
        let peer = match self.edge.service(&chain, kinds) {
            Ok(peer) => peer,
            Err(detail) => {
                let actor = km_auth::peer::identity(&chain).map(|identity| identity.uri()).unwrap_or_default();
                return Err(self.refuse(actor, "certificate-refused", detail, &names).await);
            }
        };
        let header = request.metadata().get("authorization").map(|value| value.to_str().unwrap_or_default());
        let Some(header) = header else { return Ok(Both { service: peer.identity, caller: None }) };
        let principal = match km_auth::bearer(Some(header)) {
            Ok(token) => self.edge.principal(token).await,
            Err(error) => Err(error),
        };
        match principal {
            Ok(principal) => {
                let mut caller = self.edge.caller(principal, &names);
                caller.service = Some(peer.identity.clone());
                Ok(Both { service: peer.identity, caller: Some(caller) })
            }
            Err(error @ AuthError::IssuerAway) => Err(status_of(&OperationError::Unavailable(error.to_string()))),
            Err(error) => {
                let reason = if error == AuthError::Missing { "token-missing" } else { "token-invalid" };
                Err(self.refuse(peer.identity.uri(), reason, &error.to_string(), &names).await)
            }
        }
    }

    /// As [`Door::identify`], for calls that only a person or backend can cause: the registry's certificate alone is not
    /// enough.
    pub async fn caller<T>(&self, request: &Request<T>) -> Result<(ServiceIdentity, Caller), Status> {
        let both = self.identify(request, &[ServiceKind::Registry]).await?;
        match both.caller {
            Some(caller) => Ok((both.service, caller)),
            None => {
                let names = names(request)?;
                let detail = "the registry's certificate alone opens nothing; the caller's token is needed too";
                Err(self.refuse(both.service.uri(), "token-missing", detail, &names).await)
            }
        }
    }

    async fn refuse(&self, actor: String, reason: &'static str, detail: &str, names: &RequestContext) -> Status {
        self.edge.record_refusal(Refused { actor, reason, request_id: Some(names.request_id.clone()) }).await;
        status(kind(reason).status, reason, detail)
    }
}

fn names<T>(request: &Request<T>) -> Result<RequestContext, Status> {
    let text = |name: &str| request.metadata().get(name).and_then(|value| value.to_str().ok());
    RequestContext::accept(text("x-request-id"), text("traceparent")).map_err(|_| Status::internal("no randomness"))
}

/// The gRPC form of an operation's error: the code in the metadata entry `sealkeep-code`.
pub fn status_of(error: &OperationError) -> Status {
    let problem = problem_of(error);
    if let Some(cause) = &problem.cause {
        tracing::error!(event = "grpc.failed", code = problem.kind.code, cause, "a call failed");
    }
    let detail = problem.detail.as_deref().unwrap_or(problem.kind.title);
    let mut status = status(problem.kind.status, problem.kind.code, detail);
    let retry_after = problem.retry_after.map(|seconds| seconds.to_string());
    for (name, text) in
        [("sealkeep-field", &problem.field), ("sealkeep-rule", &problem.rule), ("retry-after", &retry_after)]
    {
        if let Some(Ok(value)) = text.as_ref().map(|text| text.parse()) {
            status.metadata_mut().insert(name, value);
        }
    }
    status
}

fn status(http: u16, code: &'static str, detail: &str) -> Status {
    let grpc = match http {
        400 | 413 | 415 | 422 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 | 410 => Code::NotFound,
        409 => Code::Aborted,
        429 => Code::ResourceExhausted,
        501 => Code::Unimplemented,
        503 => Code::Unavailable,
        _ => Code::Internal,
    };
    let mut status = Status::new(grpc, detail);
    if let Ok(value) = code.parse() {
        status.metadata_mut().insert("sealkeep-code", value);
    }
    status
}

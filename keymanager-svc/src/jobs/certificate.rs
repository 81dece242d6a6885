//! The key manager's own listener certificate: made at start, renewed at two thirds of its life, without a restart.

use std::time::Duration;

use km_domain::{ServiceIdentity, ServiceKind, TenantId};
use km_operations::{OperationError, certificates};
use km_service::{Component, Readiness, Shutdown, tls::Identity};

use crate::{edge::Edge, pem, startup::Parts, startup::StartError};

/// A fresh chain and key, PEM.
pub struct Leaf {
    pub chain: String,
    pub key: km_domain::SecretText,
}

fn identity() -> ServiceIdentity {
    ServiceIdentity { tenant: TenantId::system(), kind: ServiceKind::KeyManager, name: "keymanager".into() }
}

/// Makes a new key and has it certified; for start-up, when no lane runs yet.
pub fn first(parts: &Parts) -> Result<Leaf, StartError> {
    let (key, csr) = km_auth::new_key_and_request()?;
    let unrecorded = certificates::own(&parts.operations, &identity(), &csr);
    let issued = parts.committer.record(unrecorded)?.outcome?;
    Ok(Leaf { chain: issued.chain.iter().map(|der| pem::certificate(der)).collect(), key })
}

/// How often the certificate's age is looked at, by the clock that others judge it by: the clock may be set meanwhile.
const LOOK: Duration = Duration::from_secs(1);
/// How soon a failed renewal is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Renews for as long as the service runs.
pub async fn keep(edge: Edge, listener: Identity, lifetime: Duration, readiness: Readiness, shutdown: Shutdown) {
    let mut pause = LOOK;
    while shutdown.pause(pause).await {
        pause = LOOK;
        if !is_due(&edge, &listener, lifetime) {
            readiness.set("certificate", Component::Up, "");
        } else if let Err(reason) = renew(&edge, &listener).await {
            let state = if has_ended(&edge, &listener) { Component::Down } else { Component::Degraded };
            readiness.set("certificate", state, "the listeners' certificate could not be renewed");
            tracing::error!(event = "certificate.not-renewed", reason, "the listeners' certificate was not renewed");
            pause = RETRY.min(lifetime / 12);
        }
    }
}

/// Two thirds of its life are over, or it has not begun: it was made by a clock that ran ahead.
fn is_due(edge: &Edge, listener: &Identity, lifetime: Duration) -> bool {
    let now = edge.parts.operations.clock.now();
    km_auth::validity(&listener.chain())
        .is_none_or(|(not_before, not_after)| now < not_before || now.plus(lifetime / 3) > not_after)
}

fn has_ended(edge: &Edge, listener: &Identity) -> bool {
    let now = edge.parts.operations.clock.now();
    km_auth::validity(&listener.chain()).is_none_or(|(_, not_after)| now > not_after)
}

async fn renew(edge: &Edge, listener: &Identity) -> Result<(), String> {
    let (key, csr) = km_auth::new_key_and_request().map_err(|error| error.to_string())?;
    let issued = edge
        .with_token(move |operations, _| certificates::own(operations, &identity(), &csr))
        .await
        .map_err(|error: OperationError| error.to_string())?
        .outcome;
    let chain: String = issued.chain.iter().map(|der| pem::certificate(der)).collect();
    listener.replace(chain.as_bytes(), key.expose().as_bytes()).map_err(|error| error.to_string())?;
    tracing::info!(event = "certificate.renewed", "the listeners' certificate was renewed");
    Ok(())
}

//! The key manager's own listener certificate: made at start, renewed at two thirds of its life, without a restart.

use std::time::Duration;

use km_domain::{ServiceIdentity, ServiceKind, TenantId};
use km_operations::{OperationError, certificates};
use km_service::{Shutdown, tls::Identity};

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

/// Renews for as long as the service runs.
pub async fn keep(edge: Edge, listener: Identity, lifetime: Duration, shutdown: Shutdown) {
    while shutdown.pause(lifetime * 2 / 3).await {
        while let Err(reason) = renew(&edge, &listener).await {
            tracing::error!(event = "certificate.not-renewed", reason, "the listeners' certificate was not renewed");
            if !shutdown.pause(Duration::from_secs(5).min(lifetime / 12)).await {
                return;
            }
        }
    }
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

//! The service root's revocation list, in force on every listener.

use std::time::Duration;

use km_operations::{OperationError, certificates, keys};
use km_service::Shutdown;

use crate::{edge::Edge, pem};

const PERIOD: Duration = Duration::from_secs(60);

/// Makes a new list and puts it in force.
pub async fn apply(edge: &Edge) -> Result<(), OperationError> {
    let (list, root) = edge
        .ask(&edge.token, |operations| {
            let root = keys::root_certificate(operations, keys::names::SERVICE_ROOT)?;
            Ok((certificates::revocation_list(operations)?, root))
        })
        .await?;
    let (root, list) = (pem::certificate(&root), pem::revocation_list(&list));
    edge.clients
        .replace(root.as_bytes(), list.as_bytes())
        .map_err(|error| OperationError::Unavailable(format!("the revocation list: {error}")))
}

pub async fn keep(edge: Edge, shutdown: Shutdown) {
    while shutdown.pause(PERIOD).await {
        if let Err(error) = apply(&edge).await {
            tracing::error!(event = "revocation.not-applied", reason = %error, "no new revocation list was made");
        }
    }
}

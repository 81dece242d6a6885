//! Follows changes of keys that other replicas, or commands on this machine, have made.

use std::time::Duration;

use km_service::Shutdown;

use crate::edge::Edge;

const PERIOD: Duration = Duration::from_secs(1);

pub async fn keep(edge: Edge, shutdown: Shutdown) {
    while shutdown.pause(PERIOD).await {
        let moved = edge
            .ask(&edge.plain, |operations| Ok(operations.storage.head()?.epoch != operations.keyring.keys().epoch))
            .await;
        if matches!(moved, Ok(true))
            && let Err(error) = edge.reload().await
        {
            tracing::error!(event = "keyring.not-loaded", reason = %error, "keys could not be read anew");
        }
    }
}

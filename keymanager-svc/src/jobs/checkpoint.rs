//! Signs a checkpoint whenever the log has grown.

use std::time::Duration;

use km_service::Shutdown;

use crate::{edge::Edge, error::busy};

pub async fn keep(edge: Edge, period: Duration, shutdown: Shutdown) {
    while shutdown.pause(period).await {
        let parts = edge.parts.clone();
        let signed = edge
            .jobs
            .run(edge.deadline, move || km_operations::log::checkpoint(&parts.operations, &parts.committer))
            .await;
        if let Err(error) = signed.map_err(busy).and_then(|signed| signed) {
            tracing::error!(event = "checkpoint.not-signed", reason = %error, "no checkpoint was signed");
        }
    }
}

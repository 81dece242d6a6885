//! Signs a checkpoint whenever the log has grown, and keeps it outside the database.

use std::time::Duration;

use km_service::Shutdown;

use crate::{anchor::Anchor, edge::Edge, error::busy};

pub async fn keep(edge: Edge, anchor: Anchor, period: Duration, shutdown: Shutdown) {
    let mut kept = 0;
    while shutdown.pause(period).await {
        let parts = edge.parts.clone();
        let sign = move || km_operations::log::checkpoint(&parts.operations, &parts.committer);
        let signed = edge.jobs.lane.run(edge.jobs.deadline, sign).await;
        match signed.map_err(busy).and_then(|signed| signed) {
            Ok((size, note)) if size > kept => match anchor.keep(&note) {
                Ok(()) => kept = size,
                Err(error) => {
                    tracing::error!(event = "checkpoint.not-kept", reason = %error, "the checkpoint was not kept");
                }
            },
            Ok(_) => {}
            Err(error) => {
                tracing::error!(event = "checkpoint.not-signed", reason = %error, "no checkpoint was signed");
            }
        }
    }
}

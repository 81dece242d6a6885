//! Asks token, database and log every second whether they can be used, and tells health. A token that went away is opened
//! again as soon as it is back.

use std::time::Duration;

use km_operations::{OperationError, log};
use km_service::{Component, Readiness, Shutdown};

use crate::edge::Edge;

const PERIOD: Duration = Duration::from_secs(1);

pub async fn keep(edge: Edge, readiness: Readiness, shutdown: Shutdown) {
    loop {
        // Side by side: one that hangs does not make the others late.
        let (token, database, audit) = tokio::join!(token(&edge), database(&edge), audit(&edge));
        report(&readiness, "token", token);
        report(&readiness, "database", database);
        report(&readiness, "audit", audit);
        match edge.parts.operations.keyring.keys().refused.len() {
            0 => readiness.set("keys", Component::Up, "every row matches its integrity code"),
            altered => {
                let text = format!("{altered} keys have altered rows and are not used");
                readiness.set("keys", Component::Degraded, text);
            }
        }
        if !shutdown.pause(PERIOD).await {
            return;
        }
    }
}

/// A token that is back is taken into use again here, without a restart.
async fn token(edge: &Edge) -> Result<(), OperationError> {
    if edge.token.lane.is_short() {
        let text = "the token is not available: calls in it do not return; restart the service if that lasts";
        return Err(OperationError::Unavailable(text.into()));
    }
    let probed = edge.ask(&edge.probe, |operations| {
        let keys = &operations.keys;
        Ok(keys.probe().or_else(|_| keys.recover().and_then(|()| keys.probe()))?)
    });
    probed.await
}

async fn database(edge: &Edge) -> Result<(), OperationError> {
    edge.ask(&edge.plain, |operations| Ok(operations.storage.probe()?)).await
}

/// Whether the log can be written, and could be since the last look: reading alone would not show a full disk, nor a small write
/// always.
async fn audit(edge: &Edge) -> Result<(), OperationError> {
    edge.perform(&edge.plain, |_, _| log::writable()).await?;
    Ok(edge.parts.committer.was_well()?)
}

fn report(readiness: &Readiness, part: &'static str, outcome: Result<(), OperationError>) {
    match outcome {
        Ok(()) => readiness.set(part, Component::Up, "answers"),
        Err(error) => readiness.set(part, Component::Down, error.to_string()),
    }
}

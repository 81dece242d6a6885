//! Asks token, database and log every second whether they can be used, and tells health. A token that went away is opened
//! again as soon as it is back.

use std::time::Duration;

use km_operations::OperationError;
use km_service::{Component, Readiness, Shutdown};

use crate::edge::Edge;

const PERIOD: Duration = Duration::from_secs(1);

pub async fn keep(edge: Edge, readiness: Readiness, shutdown: Shutdown) {
    loop {
        let token = edge
            .ask(&edge.jobs, |operations| {
                // A token that is back is taken into use again here, without a restart.
                Ok(operations
                    .keys
                    .probe()
                    .or_else(|_| operations.keys.recover().and_then(|()| operations.keys.probe()))?)
            })
            .await;
        report(&readiness, "token", token);
        let database = edge.ask(&edge.plain, |operations| Ok(operations.storage.probe()?)).await;
        report(&readiness, "database", database);
        let keys = edge.ask(&edge.plain, |operations| Ok(operations.keyring.keys().refused.len())).await;
        if let Ok(altered @ 1..) = keys {
            readiness.set("keys", Component::Degraded, format!("{altered} keys have altered rows and are not used"));
        } else {
            readiness.set("keys", Component::Up, "every row matches its integrity code");
        }
        if !shutdown.pause(PERIOD).await {
            return;
        }
    }
}

fn report(readiness: &Readiness, part: &'static str, outcome: Result<(), OperationError>) {
    match outcome {
        Ok(()) => readiness.set(part, Component::Up, "answers"),
        Err(error) => readiness.set(part, Component::Down, error.to_string()),
    }
}

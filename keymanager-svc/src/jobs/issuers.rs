//! Fetches the issuers' keys: at once, and again from time to time.

use std::time::Duration;

use km_service::{Component, Readiness, Shutdown};

use crate::edge::Edge;

const PERIOD: Duration = Duration::from_secs(300);
const RETRY: Duration = Duration::from_millis(500);

pub async fn keep(edge: Edge, readiness: Readiness, shutdown: Shutdown) {
    loop {
        let names: Vec<String> = edge.issuers.names().map(str::to_owned).collect();
        for name in &names {
            edge.refresh(name).await;
        }
        let ready = edge.issuers.are_ready();
        let (state, text) = if ready {
            (Component::Up, "keys of all issuers are known")
        } else {
            (Component::Down, "keys of an issuer have never been fetched")
        };
        readiness.set("issuers", state, text);
        if !shutdown.pause(if ready { PERIOD } else { RETRY }).await {
            return;
        }
    }
}

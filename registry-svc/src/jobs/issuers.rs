//! Keeps the issuers' keys: often until there are some, then now and then.

use std::{sync::Arc, time::Duration};

use km_service::{Component, Readiness, Shutdown};

use crate::rest::Tokens;

const UNTIL_READY: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(300);

/// Runs until the service stops.
pub async fn run(tokens: Arc<Tokens>, readiness: Readiness, shutdown: Shutdown) {
    loop {
        let ready = tokens.refresh_all().await;
        match ready {
            true => readiness.set("issuers", Component::Up, ""),
            false => readiness.set("issuers", Component::Down, "the keys of an issuer were never fetched"),
        }
        if !shutdown.pause(if ready { LATER } else { UNTIL_READY }).await {
            return;
        }
    }
}

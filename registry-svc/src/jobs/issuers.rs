//! Keeps the issuers' keys: often until there are some, then now and then. Health follows also what was fetched for a caller in
//! between.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use km_service::{Component, Readiness, Shutdown};

use crate::rest::Tokens;

/// A key that an issuer has withdrawn is accepted no longer than this.
const PERIOD: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(500);

/// Runs until the service stops.
pub async fn run(tokens: Arc<Tokens>, readiness: Readiness, shutdown: Shutdown) {
    let mut fetched: Option<Instant> = None;
    loop {
        let wait = match (tokens.are_ready(), tokens.out_of_reach().is_empty()) {
            (false, _) => LOOK,
            (true, false) => RETRY,
            (true, true) => PERIOD,
        };
        if fetched.is_none_or(|fetched| fetched.elapsed() >= wait) {
            tokens.refresh_all().await;
            fetched = Some(Instant::now());
        }
        report(&tokens, &readiness);
        if !shutdown.pause(LOOK).await {
            return;
        }
    }
}

fn report(tokens: &Tokens, readiness: &Readiness) {
    let away = tokens.out_of_reach();
    if !tokens.are_ready() {
        readiness.set("issuers", Component::Down, "the keys of an issuer were never fetched");
    } else if away.is_empty() {
        readiness.set("issuers", Component::Up, "");
    } else {
        let text = format!("the known keys are in use; no new ones can be fetched from {}", away.join(", "));
        readiness.set("issuers", Component::Degraded, text);
    }
}

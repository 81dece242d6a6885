//! Fetches the issuers' keys: at once, and again from time to time. Health follows also what was fetched for a caller in between.

use std::time::{Duration, Instant};

use km_service::{Component, Readiness, Shutdown};

use crate::edge::Edge;

/// A key that an issuer has withdrawn is accepted no longer than this.
const PERIOD: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(500);

pub async fn keep(edge: Edge, readiness: Readiness, shutdown: Shutdown) {
    let mut fetched: Option<Instant> = None;
    loop {
        let wait = match (edge.issuers.are_ready(), edge.issuers.out_of_reach().is_empty()) {
            (false, _) => LOOK,
            (true, false) => RETRY,
            (true, true) => PERIOD,
        };
        if fetched.is_none_or(|fetched| fetched.elapsed() >= wait) {
            let names: Vec<String> = edge.issuers.names().map(str::to_owned).collect();
            for name in &names {
                edge.refresh(name).await;
            }
            fetched = Some(Instant::now());
        }
        report(&edge, &readiness);
        if !shutdown.pause(LOOK).await {
            return;
        }
    }
}

fn report(edge: &Edge, readiness: &Readiness) {
    let away = edge.issuers.out_of_reach();
    if !edge.issuers.are_ready() {
        readiness.set("issuers", Component::Down, "keys of an issuer have never been fetched");
    } else if away.is_empty() {
        readiness.set("issuers", Component::Up, "keys of all issuers are known");
    } else {
        let text = format!("the known keys are in use; no new ones can be fetched from {}", away.join(", "));
        readiness.set("issuers", Component::Degraded, text);
    }
}

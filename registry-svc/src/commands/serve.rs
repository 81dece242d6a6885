//! `serve`: opens the listener and runs until it is told to stop.

use std::{sync::Arc, time::Duration};

use km_domain::{Clock, SystemClock};
use km_service::{Component, Door, Metrics, Readiness, Shutdown, StateDir, health, state::write_atomically, tls};
use serde_json::json;

use super::Done;
use crate::{
    config::Config,
    jobs,
    operations::announce,
    rest::{self, Rest},
    startup::{self, Parts, StartError},
};

/// # Errors
/// What is missing or cannot be used at start; afterwards none.
pub async fn run(config: Config) -> Result<Done, StartError> {
    let shutdown = Shutdown::on_signals()?;
    let state = StateDir::open(&config.state_dir, "registry-svc")?;
    // 1. What operators see, from the first moment.
    let readiness = Readiness::expecting(&["database", "certificate", "key-manager", "issuers"]);
    readiness.fact("development", config.development);
    let ops = state.listen_on("registry-ops", config.listen.ops)?;
    let ops_address = ops.local_addr()?;
    tokio::spawn(health::open(ops, readiness.clone(), Metrics::start(), &shutdown)?);
    if config.development {
        readiness.set("mode", Component::Degraded, "development = true: never for real people's data");
        tracing::warn!(event = "development", "development = true: never for real people's data");
    }
    // 2. Behind the listener.
    let parts = startup::open(&config, &state, &shutdown).await?;
    readiness.set("database", Component::Up, "");
    readiness.set("certificate", Component::Up, "");
    // 3. The listener.
    let listener = state.listen_on("registry", config.listen.rest)?;
    let address = format!("https://{}", listener.local_addr()?);
    let server_tls = tls::server_config(parts.certificate.identity(), None, tls::HTTP_1_1)?;
    let rest = Rest { registry: Arc::clone(&parts.registry), tokens: Arc::clone(&parts.tokens) };
    let door = Door {
        name: "rest",
        listener,
        tls: Some(server_tls),
        clear_text: false,
        limits: config.limits.clone(),
        patience: config.patience(),
    };
    let server = tokio::spawn(door.open(rest::routes(rest)?, &shutdown)?);
    // 4. The jobs.
    let running = start_jobs(&config, &parts, &readiness, &shutdown);
    // 5. Known to others only once everything is open.
    write_atomically(&state.join("registry-address"), format!("{address}\n").as_bytes(), 0o644)?;
    let ops_address = format!("http://{ops_address}");
    write_atomically(&state.join("registry-ops-address"), format!("{ops_address}\n").as_bytes(), 0o644)?;
    tracing::info!(event = "service.started", address, ops = ops_address, "the registry is open");

    // 6. Until told to stop.
    shutdown.requested().await;
    let _ = server.await;
    for job in running {
        let _ = job.await;
    }
    let _ = tokio::time::timeout(Duration::from_secs(2), announce::stopping(&parts.registry)).await;
    tracing::info!(event = "service.stopped", "the registry has stopped");
    Ok(Done { sentence: "the registry has stopped".to_owned(), facts: json!({ "stopped": true }) })
}

fn start_jobs(
    config: &Config,
    parts: &Parts,
    readiness: &Readiness,
    shutdown: &Shutdown,
) -> Vec<tokio::task::JoinHandle<()>> {
    let Parts { registry, tokens, certificate } = parts;
    let settle_period = Duration::from_millis(config.jobs.settle_ms);
    let terms_period = Duration::from_secs(config.jobs.terms_seconds);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    vec![
        tokio::spawn(jobs::settle::run(Arc::clone(registry), readiness.clone(), settle_period, shutdown.clone())),
        tokio::spawn(jobs::witness::run(Arc::clone(registry), shutdown.clone())),
        tokio::spawn(jobs::recompute_terms::run(Arc::clone(registry), terms_period, shutdown.clone())),
        tokio::spawn(jobs::issuers::run(Arc::clone(tokens), readiness.clone(), shutdown.clone())),
        tokio::spawn(jobs::certificate::run(
            certificate.clone(),
            registry.keymanager.clone(),
            clock,
            readiness.clone(),
            shutdown.clone(),
        )),
    ]
}

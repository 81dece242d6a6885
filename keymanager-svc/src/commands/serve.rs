//! `serve`: opens the doors and runs until it is told to stop.

use std::{sync::Arc, time::Duration};

use km_auth::Issuers;
use km_operations::{certificates, keys, log};
use km_service::{
    Component, Door, Fetcher, Lane, Metrics, Readiness, Shutdown, StateDir,
    hardening::Hardening,
    tls::{self, ClientTrust, Identity},
};

use crate::{
    anchor::Anchor,
    config::Config,
    dialect::Opening,
    edge::{Edge, TimedLane},
    grpc, jobs, officer, pem, rest,
    startup::{self, StartError},
};

/// Runs the service.
pub async fn run(config: Config, hardening: Hardening) -> Result<(), StartError> {
    let shutdown = Shutdown::on_signals()?;
    let state = StateDir::open(&config.state_dir, "keymanager-svc")?;
    let readiness = Readiness::expecting(&["token", "database", "audit", "keys", "issuers"]);
    readiness.fact("development", config.development);
    readiness.fact("memory", hardening.to_string());
    let metrics = Metrics::start();
    let ops = state.listen_on("ops", config.listen.ops)?;
    let ops_address = ops.local_addr()?;
    tokio::spawn(km_service::health::open(ops, readiness.clone(), metrics.clone(), &shutdown)?);

    // 1. Behind the doors.
    let parts = startup::open(&config)?;
    let anchor = Anchor::of(state.path());
    anchor.check(&parts.operations)?;
    let interrupted = parts.committer.record(log::reconcile(&parts.operations, &parts.instance))?.outcome?;
    if interrupted > 0 {
        tracing::warn!(
            event = "intents.closed",
            interrupted,
            "operations that a crash interrupted are closed as failed"
        );
    }
    let description = parts.operations.keys.describe();
    readiness.fact("token", format!("{} {} {}", description.model, description.label, description.serial));
    readiness.fact("token_lacks", description.lacks.clone());
    if !description.lacks.is_empty() {
        let lacks = description.lacks.join(", ");
        tracing::warn!(event = "token.lacks", lacks, "the token cannot do everything; what needs the rest is refused");
    }
    keys::check_token(&parts.operations)?;
    let leaf = jobs::certificate::first(&parts)?;
    let identity = Identity::from_pem(leaf.chain.as_bytes(), leaf.key.expose().as_bytes())?;
    let root = pem::certificate(&keys::root_certificate(&parts.operations, keys::names::SERVICE_ROOT)?);
    let list = pem::revocation_list(&certificates::revocation_list(&parts.operations)?);
    let edge = edge(&config, &parts, &root, &list)?;

    // 2. The doors.
    let door = |name, listener, clients: Option<&ClientTrust>| -> Result<Door, StartError> {
        let tls = tls::server_config(&identity, clients, tls::HTTP_1_1)?;
        let limits = config.limits.clone();
        Ok(Door { name, listener, tls: Some(tls), clear_text: false, limits, patience: Duration::MAX })
    };
    let rest_listener = state.listen_on("rest", config.listen.rest)?;
    let officer_listener = state.listen_on("officer", config.listen.officer)?;
    let grpc_listener = state.listen_on("grpc", config.listen.grpc)?;
    let shared = (&readiness, &metrics, &shutdown);
    let dialect = Opening { config: &config, edge: &edge, state: &state, identity: &identity, shared }.open()?;
    let mut addresses = serde_json::json!({
        "rest": format!("https://{}", rest_listener.local_addr()?),
        "officer": format!("https://{}", officer_listener.local_addr()?),
        "grpc": format!("https://{}", grpc_listener.local_addr()?),
        "ops": format!("http://{ops_address}"),
    });
    dialect.addresses.iter().for_each(|(name, address)| addresses[*name] = address.as_str().into());
    let rest_server = door("rest", rest_listener, None)?.open(rest::routes(edge.clone()), &shutdown)?;
    let officer_server =
        door("officer", officer_listener, Some(&edge.clients))?.open(officer::routes(edge.clone()), &shutdown)?;
    let grpc_tls = tls::server_config(&identity, Some(&edge.clients), tls::HTTP_2)?;
    let connections = tls::incoming(grpc_listener, grpc_tls)?;
    let stop = shutdown.clone();
    let grpc_server =
        grpc::router(&edge).serve_with_incoming_shutdown(connections, async move { stop.requested().await });
    let servers = [tokio::spawn(rest_server), tokio::spawn(officer_server)];
    let grpc_server = tokio::spawn(grpc_server);

    // 3. The jobs.
    let lifetime = Duration::from_secs(config.certificates.lifetime_seconds);
    let checkpoints = Duration::from_millis(config.jobs.checkpoint_ms);
    tokio::spawn(jobs::watch::keep(edge.clone(), readiness.clone(), shutdown.clone()));
    tokio::spawn(jobs::issuers::keep(edge.clone(), readiness.clone(), shutdown.clone()));
    tokio::spawn(jobs::keyring::keep(edge.clone(), shutdown.clone()));
    tokio::spawn(jobs::checkpoint::keep(edge.clone(), anchor, checkpoints, shutdown.clone()));
    tokio::spawn(jobs::rewrap::keep(edge.clone(), config.jobs.rewrap_batch, shutdown.clone()));
    tokio::spawn(jobs::revocation::keep(edge.clone(), shutdown.clone()));
    tokio::spawn(jobs::certificate::keep(edge.clone(), identity, lifetime, readiness.clone(), shutdown.clone()));

    // 4. Known to others only once everything is open.
    let text = format!("{addresses:#}\n");
    km_service::state::write_atomically(&state.join("addresses.json"), text.as_bytes(), 0o644)?;
    let event = km_operations::system_event(&parts.operations, km_audit::EventKind::ServiceStart, "serve");
    parts.committer.record(km_storage::Unrecorded::new((), event))?;
    if config.development {
        tracing::warn!(event = "development", "development = true: for development only, never for real people's data");
        readiness.set("mode", Component::Degraded, "development = true: never for real people's data");
    }
    tracing::info!(event = "service.started", addresses = %addresses, "the key manager is open");

    // 5. Until told to stop.
    shutdown.requested().await;
    for server in servers.into_iter().chain(dialect.servers) {
        let _ = server.await;
    }
    let _ = grpc_server.await;
    for lane in [&edge.token, &edge.plain, &edge.jobs, &edge.probe] {
        lane.lane.close();
    }
    let event = km_operations::system_event(&parts.operations, km_audit::EventKind::ServiceStop, "serve");
    parts.committer.record(km_storage::Unrecorded::new((), event))?;
    parts.committer.close();
    tracing::info!(event = "service.stopped", "the key manager has stopped");
    Ok(())
}

fn edge(config: &Config, parts: &startup::Parts, root: &str, list: &str) -> Result<Edge, StartError> {
    let issuer_roots = match &config.issuer_roots {
        Some(path) => std::fs::read(path)?,
        None => root.as_bytes().to_vec(),
    };
    let lanes = &config.lanes;
    let timed = |lane, milliseconds| TimedLane { lane, deadline: Duration::from_millis(milliseconds) };
    let token = Lane::new("token", lanes.token, lanes.queue)?;
    Ok(Edge {
        parts: parts.clone(),
        token: timed(token.clone(), lanes.deadline_ms),
        making: timed(token, lanes.long_deadline_ms),
        plain: timed(Lane::new("plain", lanes.plain, lanes.queue)?, lanes.deadline_ms),
        jobs: timed(Lane::new("jobs", lanes.jobs, lanes.queue)?, lanes.long_deadline_ms),
        probe: timed(Lane::new("probe", 1, 1)?, lanes.deadline_ms),
        issuers: Arc::new(Issuers::new(config.issuers.clone())),
        fetching: Arc::default(),
        overtaken: Arc::default(),
        fetcher: Fetcher::new(&issuer_roots, config.development)?,
        clients: ClientTrust::from_pem(root.as_bytes(), list.as_bytes())?,
    })
}

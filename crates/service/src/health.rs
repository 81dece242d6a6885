//! What the process says about itself on its loopback listener: alive, ready, figures.

use std::{collections::BTreeMap, future::Future, io, net::TcpListener, sync::Arc, time::Duration};

use actix_web::{HttpResponse, http::header, web};
use parking_lot::RwLock;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{door::Door, limits::Limits, metrics::Metrics, shutdown::Shutdown};

/// How the parts of this process stand. Clones share it.
#[derive(Clone, Default)]
pub struct Readiness(Arc<RwLock<State>>);

#[derive(Default)]
struct State {
    components: BTreeMap<&'static str, Report>,
    facts: Map<String, Value>,
}

/// State of one part, with a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Report {
    state: Component,
    text: String,
}

/// State of one part of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Component {
    /// Works.
    Up,
    /// Works with a restriction that someone should know of; the process is ready all the same.
    Degraded,
    /// Does not work; the process is not ready.
    Down,
}

impl Readiness {
    /// Names the parts that have to be up; each is down until it reports.
    pub fn expecting(components: &[&'static str]) -> Self {
        let readiness = Self::default();
        for name in components {
            readiness.set(name, Component::Down, "starting");
        }
        readiness
    }

    /// Reports a part. A change of state is logged.
    pub fn set(&self, component: &'static str, state: Component, text: impl Into<String>) {
        let report = Report { state, text: text.into() };
        let before = self.0.write().components.insert(component, report.clone());
        if before.is_none_or(|before| before.state != report.state) {
            tracing::info!(event = "health.changed", component, state = ?state, text = report.text, "a part changed");
        }
    }

    /// A standing fact that health shows: `development`, what the token cannot do.
    pub fn fact(&self, name: &str, value: impl Into<Value>) {
        self.0.write().facts.insert(name.to_owned(), value.into());
    }

    /// Whether no part is down.
    pub fn is_ready(&self) -> bool {
        self.0.read().components.values().all(|report| report.state != Component::Down)
    }

    /// The body of `/readyz`.
    pub fn document(&self) -> Value {
        let state = self.0.read();
        let ready = state.components.values().all(|report| report.state != Component::Down);
        let mut document = Map::new();
        document.insert("ready".into(), ready.into());
        document.insert("components".into(), serde_json::to_value(&state.components).unwrap_or_default());
        if !state.facts.is_empty() {
            document.insert("facts".into(), Value::Object(state.facts.clone()));
        }
        Value::Object(document)
    }
}

/// Opens the loopback listener with `/livez`, `/readyz` (503 while a part is down) and `/metrics`.
///
/// # Errors
/// The socket cannot be used or is not on loopback.
pub fn open(
    listener: TcpListener,
    readiness: Readiness,
    figures: Metrics,
    shutdown: &Shutdown,
) -> io::Result<impl Future<Output = io::Result<()>> + Send + use<>> {
    tokio::spawn(keep_up(figures.clone(), shutdown.clone()));
    let limits = Limits { workers: 1, max_connections: 64, stop_seconds: 1, ..Limits::default() };
    let routes = move |routes: &mut web::ServiceConfig| {
        let (readiness, figures) = (readiness.clone(), figures.clone());
        routes
            .route("/livez", web::get().to(|| async { HttpResponse::Ok().json(serde_json::json!({ "live": true })) }))
            .route("/readyz", web::get().to(move || std::future::ready(ready(&readiness))))
            .route("/metrics", web::get().to(move || std::future::ready(exposition(&figures))));
    };
    Door { name: "ops", listener, tls: None, clear_text: false, limits, patience: Duration::MAX }.open(routes, shutdown)
}

fn ready(readiness: &Readiness) -> HttpResponse {
    let mut response = if readiness.is_ready() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(readiness.document())
}

fn exposition(figures: &Metrics) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4")).body(figures.render())
}

/// Histograms grow until they are folded, also when nobody reads them.
async fn keep_up(figures: Metrics, shutdown: Shutdown) {
    while shutdown.pause(Duration::from_secs(5)).await {
        figures.upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_down_is_not_ready_and_degraded_is() {
        let readiness = Readiness::expecting(&["database", "token"]);
        readiness.set("database", Component::Up, "");
        assert!(!readiness.is_ready());
        readiness.set("token", Component::Degraded, "no AES key wrap");
        readiness.fact("development", true);
        assert!(readiness.is_ready());
        assert_eq!(readiness.document()["components"]["token"]["state"], "degraded");
        assert_eq!(readiness.document()["facts"]["development"], true);
    }
}

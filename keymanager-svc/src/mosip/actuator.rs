//! `/actuator/health`, `/actuator/info`, `/actuator/prometheus`: what probes and scrapers of a MOSIP deployment ask. Without a token,
//! as there; so states go out and no texts.

use actix_web::{HttpResponse, http::header::ContentType, web::Data};
use serde_json::{Map, Value, json};

use super::Dialect;

/// Whether the process lives.
#[actix_web::get("/actuator/health/liveness")]
pub async fn liveness() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "UP"}))
}

/// How the parts stand.
#[actix_web::get("/actuator/health")]
pub async fn health(dialect: Data<Dialect>) -> HttpResponse {
    stand(&dialect)
}

/// The same, under the name that Kubernetes' probes ask for.
#[actix_web::get("/actuator/health/readiness")]
pub async fn readiness(dialect: Data<Dialect>) -> HttpResponse {
    stand(&dialect)
}

fn stand(dialect: &Dialect) -> HttpResponse {
    let document = dialect.readiness.document();
    let status = |is_up: bool| if is_up { "UP" } else { "DOWN" };
    let components: Map<String, Value> = document["components"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, part)| (name.clone(), json!({"status": status(part["state"] != "down")})))
        .collect();
    let is_ready = dialect.readiness.is_ready();
    let switches = &dialect.edge.parts.operations.rules.switches;
    let body = json!({"status": status(is_ready), "components": components, "switches": switches});
    let mut response = if is_ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(body)
}

/// What runs here.
#[actix_web::get("/actuator/info")]
pub async fn info() -> HttpResponse {
    HttpResponse::Ok().json(json!({"build": {"name": "sealkeep keymanager-svc", "version": env!("CARGO_PKG_VERSION")}}))
}

/// The figures, as Prometheus reads them.
#[actix_web::get("/actuator/prometheus")]
pub async fn prometheus(dialect: Data<Dialect>) -> HttpResponse {
    let text: ContentType = "text/plain; version=0.0.4".parse().map_or(ContentType::plaintext(), ContentType);
    HttpResponse::Ok().insert_header(text).body(dialect.metrics.render())
}

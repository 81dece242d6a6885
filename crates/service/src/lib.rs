//! What any process of ours needs, and nothing about keys: configuration, telemetry, TLS, lanes, fetching, request
//! bodies, problem documents, health, shutdown, state files.
//!
//! The services' asynchronous edge lives here; everything below the services is synchronous.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod body;
pub mod config;
pub mod docs_page;
pub mod door;
pub mod edge;
pub mod environment;
pub mod fetch;
pub mod hardening;
pub mod health;
pub mod json;
mod json_scan;
pub mod lanes;
pub mod limits;
pub mod metrics;
pub mod patience;
pub mod problem;
pub mod random;
pub mod request_id;
pub mod shutdown;
pub mod state;
pub mod telemetry;
pub mod tls;

pub use body::RawBody;
pub use config::{ConfigError, SecretFileError, Validate};
pub use door::Door;
pub use fetch::{FetchError, Fetcher};
pub use health::{Component, Readiness};
pub use json::StrictJson;
pub use lanes::{Answer, Lane, LaneError};
pub use limits::Limits;
pub use metrics::Metrics;
pub use problem::{Problem, ProblemKind};
pub use request_id::RequestContext;
pub use shutdown::Shutdown;
pub use state::{StateDir, StateError};
pub use telemetry::LogConfig;

//! Log lines on standard error: JSON for machines, plain on a terminal. A line is a sentence with its fields; `event`
//! is its stable code. No line ever holds a secret or a person.

use serde::Deserialize;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{config::Validate, environment};

/// Section `log`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// `auto` (plain on a terminal, else JSON), `json` or `plain`.
    pub format: LogFormat,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Auto,
    Json,
    Plain,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Auto }
    }
}

impl Validate for LogConfig {
    fn faults(&self) -> Vec<String> {
        match self.level.parse::<tracing::level_filters::LevelFilter>() {
            Ok(_) => Vec::new(),
            Err(_) => vec!["log.level must be one of error, warn, info, debug, trace".to_owned()],
        }
    }
}

/// Starts logging for this process. A second call changes nothing.
pub fn start(config: &LogConfig) {
    // Libraries below the chosen level speak from `warn` upwards only: at `debug` an HTTP library prints headers,
    // and a header may be a token.
    let filter = EnvFilter::new(format!("warn,{level}", level = ours(&config.level)));
    let plain = match config.format {
        LogFormat::Auto => environment::stderr_is_terminal(),
        LogFormat::Json => false,
        LogFormat::Plain => true,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let started = if plain {
        registry.with(fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false)).try_init()
    } else {
        let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
        registry.with(lines.with_writer(std::io::stderr).with_target(false)).try_init()
    };
    if started.is_ok() {
        log_panics();
    }
}

/// The crates of this project at `level`.
fn ours(level: &str) -> String {
    let crates = [
        "km_api",
        "km_audit",
        "km_auth",
        "km_ca",
        "km_client",
        "km_crypto",
        "km_database",
        "km_domain",
        "km_envelope",
        "km_evidence",
        "km_formats",
        "km_hsm",
        "km_keystore",
        "km_operations",
        "km_personal",
        "km_policy",
        "km_proto",
        "km_service",
        "km_storage",
        "km_x509",
        "keymanager_svc",
        "registry_svc",
        "dev_issuer",
    ];
    crates.map(|name| format!("{name}={level}")).join(",")
}

/// A panic is logged by its place only: its message may hold a value.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        tracing::error!(event = "process.panic", place = place.as_deref().unwrap_or("unknown"), "a thread broke off");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_level_is_a_fault() {
        assert!(LogConfig::default().faults().is_empty());
        assert_eq!(LogConfig { level: "loud".to_owned(), format: LogFormat::Json }.faults().len(), 1);
    }

    #[test]
    fn the_filter_is_one_that_tracing_reads() {
        assert!(EnvFilter::try_new(format!("warn,{}", ours("debug"))).is_ok());
    }
}

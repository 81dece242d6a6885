//! Limits of a listener: how many, how large, how long.

use std::time::Duration;

use serde::Deserialize;

use crate::config::Validate;

/// Section `limits` of a listener. Every member has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Threads that serve this listener.
    pub workers: usize,
    /// Connections at a time and worker.
    pub max_connections: usize,
    /// Bytes of a request body.
    pub max_body: usize,
    /// Seconds for the TLS handshake.
    pub handshake_seconds: u64,
    /// Seconds for the head of a request.
    pub head_seconds: u64,
    /// Seconds for the body of a request.
    pub body_seconds: u64,
    /// Seconds that an unused connection stays open.
    pub keep_alive_seconds: u64,
    /// Seconds that running requests get when the service stops.
    pub stop_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: 2,
            max_connections: 1024,
            max_body: 10 * 1024 * 1024,
            handshake_seconds: 5,
            head_seconds: 5,
            body_seconds: 30,
            keep_alive_seconds: 30,
            stop_seconds: 10,
        }
    }
}

impl Limits {
    pub fn body_deadline(&self) -> Duration {
        Duration::from_secs(self.body_seconds)
    }
}

impl Validate for Limits {
    fn faults(&self) -> Vec<String> {
        let numbers = [
            ("workers", self.workers as u64),
            ("max_connections", self.max_connections as u64),
            ("max_body", self.max_body as u64),
            ("handshake_seconds", self.handshake_seconds),
            ("head_seconds", self.head_seconds),
            ("body_seconds", self.body_seconds),
            ("keep_alive_seconds", self.keep_alive_seconds),
        ];
        numbers
            .into_iter()
            .filter(|(_, value)| *value == 0)
            .map(|(name, _)| format!("limits.{name} must be at least 1"))
            .collect()
    }
}

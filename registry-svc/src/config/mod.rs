//! The registry's configuration: one TOML file, every section a documented struct, unknown keys refused.

mod key_manager;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use km_auth::IssuerConfig;
use km_service::{Limits, LogConfig, Validate, config::resolve};
use serde::Deserialize;

pub use key_manager::KeyManagerConfig;

/// The whole file. Relative paths are relative to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder for the certificate and its key, the witness's key and ports.
    pub state_dir: PathBuf,
    /// Folder with register definitions, the same as the key manager's.
    pub registers: PathBuf,
    /// Allows an issuer on plain http; said by health.
    #[serde(default)]
    pub development: bool,
    pub database: DatabaseConfig,
    pub key_manager: KeyManagerConfig,
    #[serde(default)]
    pub listen: ListenConfig,
    #[serde(default)]
    pub issuers: Vec<IssuerConfig>,
    /// PEM file with the roots under which the issuers' servers are trusted. Absent: the service root.
    pub issuer_roots: Option<PathBuf>,
    #[serde(default)]
    pub jobs: JobConfig,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub log: LogConfig,
}

/// Section `database`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://…`, without a password.
    pub url: String,
    /// File with the password and nothing else, mode 0600.
    pub password_file: Option<PathBuf>,
    /// Reading connections.
    #[serde(default = "readers")]
    pub readers: u32,
    /// Milliseconds that a request waits for the database until it is answered 503.
    #[serde(default = "deadline_ms")]
    pub deadline_ms: u64,
}

impl DatabaseConfig {
    pub const fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}

/// Section `listen`: addresses; without one, a free port of 127.0.0.1, kept in the state folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// For clients: server TLS and an access token.
    pub rest: Option<SocketAddr>,
    /// `/livez`, `/readyz`, `/metrics`; loopback only.
    pub ops: Option<SocketAddr>,
}

/// Section `jobs`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobConfig {
    /// Milliseconds between looks for seals to settle.
    pub settle_ms: u64,
    /// Seconds between looks for index terms under an older key version.
    pub terms_seconds: u64,
}

const fn readers() -> u32 {
    4
}

const fn deadline_ms() -> u64 {
    2000
}

impl Default for JobConfig {
    fn default() -> Self {
        Self { settle_ms: 2000, terms_seconds: 30 }
    }
}

impl Validate for Config {
    fn faults(&self) -> Vec<String> {
        let mut faults = [self.limits.faults(), self.log.faults(), self.key_manager.faults()].concat();
        for (at, issuer) in self.issuers.iter().enumerate() {
            faults.extend(issuer.faults(self.development).iter().map(|fault| format!("issuers[{at}].{fault}")));
        }
        if let Err(error) = km_database::Access::parse(&self.database.url, None) {
            faults.push(format!("database.url: {error}"));
        }
        let rules = [
            (!self.issuers.is_empty(), "issuers must name at least one"),
            ((1..=64).contains(&self.database.readers), "database.readers must be from 1 to 64"),
            (self.database.deadline_ms >= 100, "database.deadline_ms must be at least 100"),
            (self.key_manager.deadline_ms >= 100, "key_manager.deadline_ms must be at least 100"),
            (self.listen.ops.is_none_or(|ops| ops.ip().is_loopback()), "listen.ops must be on loopback"),
            (self.jobs.settle_ms >= 100, "jobs.settle_ms must be at least 100"),
            (self.jobs.terms_seconds >= 1, "jobs.terms_seconds must be at least 1"),
        ];
        faults.extend(rules.iter().filter(|(holds, _)| !holds).map(|(_, fault)| (*fault).to_owned()));
        faults
    }
}

impl Config {
    /// How long a request may wait in all.
    pub const fn patience(&self) -> Duration {
        Duration::from_millis(self.database.deadline_ms.saturating_add(self.key_manager.deadline_ms))
    }

    /// Makes relative paths relative to the file.
    pub fn resolved(mut self, file: &Path) -> Self {
        self.state_dir = resolve(file, &self.state_dir);
        self.registers = resolve(file, &self.registers);
        self.database.password_file = self.database.password_file.map(|path| resolve(file, &path));
        self.issuer_roots = self.issuer_roots.map(|path| resolve(file, &path));
        self.key_manager = self.key_manager.resolved(file);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        state_dir = "state"
        registers = "/etc/sealkeep/registers"
        [database]
        url = "sqlite:/var/lib/sealkeep/registry.db"
        [key_manager]
        grpc = "https://127.0.0.1:1"
        rest = "https://127.0.0.1:2"
        service_root = "ca.pem"
        evidence_root = "evidence-root.pem"
        [[issuers]]
        issuer = "https://id.example"
        audience = "sealkeep"
        tenant = { fixed = "demo" }
    "#;

    #[test]
    fn a_short_file_is_enough_and_paths_are_relative_to_it() {
        let config = km_service::config::parse::<Config>(GOOD).unwrap().resolved(Path::new("/etc/sealkeep/r.toml"));
        assert_eq!(config.state_dir, Path::new("/etc/sealkeep/state"));
        assert_eq!(config.key_manager.service_root, Path::new("/etc/sealkeep/ca.pem"));
    }

    #[test]
    fn every_fault_is_listed() {
        let bad = GOOD.replace("sqlite:/var", "mysql:/var").replace("https://127.0.0.1:1", "http://127.0.0.1:1");
        let bad = bad.replace("https://id.example", "http://id.example") + "colour = 1\n";
        let faults = km_service::config::parse::<Config>(&bad).unwrap_err();
        for expected in ["database.url", "key_manager.grpc", "issuers[0]", "colour"] {
            assert!(faults.iter().any(|fault| fault.contains(expected)), "{expected} in {faults:?}");
        }
    }
}

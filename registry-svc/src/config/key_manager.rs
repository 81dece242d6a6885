//! Section `key_manager`: where the key manager is, and what is believed of it.

use std::path::{Path, PathBuf};

use km_service::config::resolve;
use serde::Deserialize;

/// Section `key_manager`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyManagerConfig {
    /// Its gRPC listener, `https://HOST:PORT`.
    pub grpc: String,
    /// Its REST listener, `https://HOST:PORT`: for the first certificate, and for the public keys of its log.
    pub rest: String,
    /// PEM file with the service root: the only one that its listeners are trusted under.
    pub service_root: PathBuf,
    /// PEM file with the evidence root: checkpoints of the log are believed under it.
    pub evidence_root: PathBuf,
    /// File with the one-time token for the first certificate; removed once it is used. Absent: `invitation` in the state
    /// folder.
    pub invitation: Option<PathBuf>,
    /// Milliseconds that a request waits for it, beyond those for the database, until it is answered 503. More than the key
    /// manager's own `lanes.deadline_ms`, so that its answer is heard.
    #[serde(default = "deadline_ms")]
    pub deadline_ms: u64,
}

const fn deadline_ms() -> u64 {
    3000
}

impl KeyManagerConfig {
    pub(super) fn faults(&self) -> Vec<String> {
        [("grpc", &self.grpc), ("rest", &self.rest)]
            .into_iter()
            .filter(|(_, address)| !address.starts_with("https://") || address.ends_with('/'))
            .map(|(name, _)| format!("key_manager.{name} must be https://HOST:PORT"))
            .collect()
    }

    pub(super) fn resolved(mut self, file: &Path) -> Self {
        self.service_root = resolve(file, &self.service_root);
        self.evidence_root = resolve(file, &self.evidence_root);
        self.invitation = self.invitation.map(|path| resolve(file, &path));
        self
    }
}

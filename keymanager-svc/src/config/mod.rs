//! The key manager's configuration: one TOML file, every section a documented struct, unknown keys refused.

mod mosip;
mod trust;

pub use mosip::{Bootstrap, MosipConfig, TokenIdsConfig};

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use km_auth::IssuerConfig;
use km_domain::TenantId;
use km_service::{Limits, LogConfig, Validate, config::resolve};
use serde::Deserialize;

/// The whole file. Relative paths are relative to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder for ports, certificates and public files.
    pub state_dir: PathBuf,
    /// Name of this installation, in the subjects of its roots.
    pub installation: String,
    /// Name of the log, the first line of every checkpoint: a URL without scheme.
    pub log_origin: String,
    /// Folder with register definitions.
    pub registers: PathBuf,
    /// The tenant whose officers may make further tenants (`kmctl tenant create`). Absent: only `init --tenant` makes them.
    pub operators_tenant: Option<TenantId>,
    /// Allows an issuer on plain http; said by health and by every event.
    #[serde(default)]
    pub development: bool,
    pub database: DatabaseConfig,
    pub token: TokenSection,
    #[serde(default)]
    pub listen: ListenConfig,
    #[serde(default)]
    pub issuers: Vec<IssuerConfig>,
    /// PEM file with the roots under which the issuers' servers are trusted. Absent: the service root.
    pub issuer_roots: Option<PathBuf>,
    /// The MOSIP dialect; absent: not served.
    pub mosip: Option<MosipConfig>,
    #[serde(default)]
    pub certificates: CertificateConfig,
    #[serde(default)]
    pub budgets: BudgetConfig,
    #[serde(default)]
    pub lanes: LaneConfig,
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
}

/// Section `token`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSection {
    /// The PKCS#11 module, a shared library.
    pub module: PathBuf,
    pub label: String,
    /// Where two tokens have the same label.
    pub serial: Option<String>,
    /// File with the user PIN and nothing else, mode 0600.
    pub pin_file: PathBuf,
    /// Batches of records whose keys and index terms are in the token at the same time.
    #[serde(default = "one")]
    pub batches_at_once: usize,
}

/// Section `listen`: addresses; without one, a free port of 127.0.0.1, kept in the state folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    pub rest: Option<SocketAddr>,
    pub officer: Option<SocketAddr>,
    pub grpc: Option<SocketAddr>,
    pub mosip: Option<SocketAddr>,
    pub ops: Option<SocketAddr>,
}

/// Section `certificates`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CertificateConfig {
    /// Life of a service's certificate in seconds; renewed at two thirds.
    pub lifetime_seconds: u64,
    /// Life, in seconds, of the certificates that nobody renews by itself: workstations', clients' and the development
    /// issuer's.
    pub workstation_seconds: u64,
    /// Names of the listeners besides 127.0.0.1, ::1 and localhost.
    pub names: Vec<String>,
}

/// Section `budgets`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetConfig {
    /// Index term requests a caller may make in a minute.
    pub terms_per_minute: u32,
}

/// Section `lanes`: threads that do the work behind the listeners.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LaneConfig {
    /// Threads that use the token, and token sessions.
    pub token: usize,
    /// Threads for work that needs no token.
    pub plain: usize,
    /// Threads for background jobs.
    pub jobs: usize,
    /// Requests that may wait for a thread.
    pub queue: usize,
    /// Milliseconds until a request is answered 503.
    pub deadline_ms: u64,
    /// The same for work that is long by its nature: keys made, exports written, background jobs.
    pub long_deadline_ms: u64,
}

/// Section `jobs`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobConfig {
    /// Milliseconds between checkpoints, where the log has grown.
    pub checkpoint_ms: u64,
    /// Subject keys moved to a new key-encryption key in one step.
    pub rewrap_batch: u32,
}

const DAY: u64 = 24 * 60 * 60;
/// The longest life that the profile of such certificates allows.
const LONGEST_LIFE: u64 = 366 * DAY;

const fn one() -> usize {
    1
}

const fn readers() -> u32 {
    4
}

impl Default for CertificateConfig {
    fn default() -> Self {
        Self { lifetime_seconds: DAY, workstation_seconds: DAY, names: Vec::new() }
    }
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { terms_per_minute: 60 }
    }
}

impl Default for LaneConfig {
    fn default() -> Self {
        Self { token: 4, plain: 2, jobs: 1, queue: 256, deadline_ms: 2000, long_deadline_ms: 30_000 }
    }
}

impl Default for JobConfig {
    fn default() -> Self {
        Self { checkpoint_ms: 500, rewrap_batch: 500 }
    }
}

impl Validate for Config {
    fn faults(&self) -> Vec<String> {
        let mut faults = [self.limits.faults(), self.log.faults()].concat();
        faults.extend(self.mosip.iter().flat_map(Validate::faults));
        for (at, issuer) in self.issuers.iter().enumerate() {
            faults.extend(issuer.faults(self.development).iter().map(|fault| format!("issuers[{at}].{fault}")));
        }
        let plain = |text: &str| !text.is_empty() && text.len() <= 64 && !text.contains(['\n', '+']);
        let lives = |seconds: u64| (30..=LONGEST_LIFE).contains(&seconds);
        let operators = self.operators_tenant.as_ref();
        let rules = [
            (operators.is_none_or(|tenant| !tenant.is_system()), "operators_tenant must not be the installation's own"),
            (plain(&self.installation), "installation must be 1 to 64 characters on one line"),
            (plain(&self.log_origin) && !self.log_origin.contains(' '), "log_origin must be a URL without scheme"),
            (lives(self.certificates.lifetime_seconds), "certificates.lifetime_seconds must be 30 seconds to 366 days"),
            (
                lives(self.certificates.workstation_seconds),
                "certificates.workstation_seconds must be 30 seconds to 366 days",
            ),
            (self.budgets.terms_per_minute >= 1, "budgets.terms_per_minute must be at least 1"),
            (self.token.batches_at_once >= 1, "token.batches_at_once must be at least 1"),
            (self.lanes.token >= 1 && self.lanes.plain >= 1 && self.lanes.jobs >= 1, "lanes must have threads"),
            (self.lanes.queue >= 1, "lanes.queue must be at least 1"),
            (self.lanes.deadline_ms >= 100, "lanes.deadline_ms must be at least 100"),
            (
                self.lanes.long_deadline_ms >= self.lanes.deadline_ms,
                "lanes.long_deadline_ms must be at least lanes.deadline_ms",
            ),
            (self.jobs.checkpoint_ms >= 50, "jobs.checkpoint_ms must be at least 50"),
            ((1..=1000).contains(&self.jobs.rewrap_batch), "jobs.rewrap_batch must be from 1 to 1000"),
        ];
        faults.extend(rules.iter().filter(|(holds, _)| !holds).map(|(_, fault)| (*fault).to_owned()));
        faults
    }
}

impl Config {
    /// Makes relative paths relative to the file.
    pub fn resolved(mut self, file: &Path) -> Self {
        self.state_dir = resolve(file, &self.state_dir);
        self.registers = resolve(file, &self.registers);
        self.token.pin_file = resolve(file, &self.token.pin_file);
        self.database.password_file = self.database.password_file.map(|path| resolve(file, &path));
        self.mosip = self.mosip.map(|mosip| mosip.resolved(file));
        self.issuer_roots = self.issuer_roots.map(|path| resolve(file, &path));
        self
    }
}

//! A running system: token, databases, issuer, key manager, registry, each fresh and gone at the end.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use km_test_support::{Child, TestFolder, TestToken, wait_until};
use serde_json::Value;

use crate::call::{Client, https};
pub use crate::certificates::Certified;
use crate::database::Rows;
use crate::guard::Guard;
use crate::identities;
pub use crate::keys::{der_of, new_key_id};
use crate::program::{self, Ran, run};
use crate::tokens;
use crate::{Database, Options, installation, orders, settings};

/// How long a service may take to become ready.
const START: Duration = Duration::from_secs(60);

/// Everything of one system. Dropping it stops and removes everything.
pub struct System {
    services: Mutex<HashMap<&'static str, Child>>,
    addresses: Mutex<Addresses>,
    pub(crate) tokens: tokens::Kept,
    /// Held while files are made that several tests share.
    pub(crate) making: Mutex<()>,
    /// How far the log was read already.
    pub(crate) seen: AtomicU64,
    /// The key manager's database.
    pub rows: Rows,
    /// The registry's database.
    pub registry_rows: Rows,
    pub database: Database,
    pub options: Options,
    issuer: String,
    /// The issuer's port, until the issuer has it.
    issuer_port: Mutex<Option<TcpListener>>,
    guard: Guard,
    pub(crate) token: TestToken,
    folder: TestFolder,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Addresses {
    pub rest: String,
    pub officer: String,
    pub grpc: String,
    pub ops: String,
    pub mosip: Option<String>,
    pub mosip_http: Option<String>,
    pub registry: String,
    pub registry_ops: String,
}

impl System {
    /// Starts everything and waits until it is ready.
    #[track_caller]
    pub fn start(database: Database, options: Options) -> Self {
        if let Some(installed) = installation::like(database, &options) {
            let token = installed.token.copy();
            let system = Self::assemble(database, options, token, |folder| installation::databases(installed, folder));
            installation::copy_state(installed, system.folder());
            return system.run();
        }
        Self::start_on(database, options, |folder| Rows::of_both_services(database, folder))
    }

    /// As [`System::start`], with databases that the test makes when it is told the system's folder: the key manager's, then
    /// the registry's.
    #[track_caller]
    pub fn start_on(database: Database, options: Options, databases: impl FnOnce(&Path) -> [Rows; 2]) -> Self {
        let token = TestToken::of(options.token);
        let system = Self::assemble(database, options, token, databases);
        system.initialise();
        system.run()
    }

    /// Everything but the services, with the key manager's configuration.
    pub(crate) fn assemble(
        database: Database,
        options: Options,
        token: TestToken,
        databases: impl FnOnce(&Path) -> [Rows; 2],
    ) -> Self {
        let folder = TestFolder::new("system");
        for name in ["issuer", "registry", "secrets", "logs", "certificates"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let [rows, registry_rows] = databases(folder.path());
        let mut folders = vec![folder.path(), token.folder()];
        folders.extend([rows.folder(), registry_rows.folder()].into_iter().flatten());
        let guard = Guard::over(&folders, &program::folder());
        // Held until the issuer takes the port over.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, options.issuer_behind.map_or(0, |(_, own)| own)));
        let port = port.expect("a free port");
        let own = port.local_addr().expect("an address").port();
        let issuer = format!("https://127.0.0.1:{}", options.issuer_behind.map_or(own, |(front, _)| front));
        let system = Self {
            services: Mutex::default(),
            addresses: Mutex::default(),
            tokens: Mutex::default(),
            making: Mutex::default(),
            seen: AtomicU64::new(0),
            rows,
            registry_rows,
            database,
            options,
            issuer,
            issuer_port: Mutex::new(Some(port)),
            guard,
            token,
            folder,
        };
        if let Some(first) = system.options.faulty_token {
            system.orders(first);
        }
        let Self { token, rows, issuer, options, .. } = &system;
        let text = settings::key_manager(system.folder(), token, &rows.url(), issuer, options);
        std::fs::write(system.config("keymanager"), text).expect("the configuration");
        system
    }

    /// Runs `init` for both tenants.
    pub(crate) fn initialise(&self) {
        for tenant in [identities::DEMO, identities::OTHER] {
            self.key_manager(&["init", "--tenant", tenant]).good();
        }
    }

    /// Starts the services.
    #[track_caller]
    pub(crate) fn run(self) -> Self {
        self.start_key_manager();
        self.start_issuer();
        self.wait_until_ready();
        if self.options.registry {
            self.prepare_registry();
            self.start_registry();
        }
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn test_token(&self) -> &TestToken {
        &self.token
    }

    /// A file that `init` made for others to pin.
    pub fn public(&self, name: &str) -> PathBuf {
        self.folder().join("keymanager").join(name)
    }

    /// The configuration of a service.
    pub fn config(&self, service: &str) -> PathBuf {
        self.folder().join(format!("{service}.toml"))
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The token that the key manager uses.
    pub fn hardware(&self) -> &TestToken {
        &self.token
    }

    /// A command of the key manager's program that will run with the token.
    pub fn key_manager_command(&self, command: &str) -> Command {
        self.command("keymanager-svc", command, &self.config("keymanager"))
    }

    /// Runs a command of the key manager's program: its name, then what follows `--config`.
    pub fn key_manager(&self, arguments: &[&str]) -> Ran {
        run(self.key_manager_command(arguments[0]).args(&arguments[1..]))
    }

    /// Runs a command of the registry's program.
    pub fn registry_command(&self, arguments: &[&str]) -> Ran {
        run(self.command("registry-svc", arguments[0], &self.config("registry")).args(&arguments[1..]))
    }

    fn command(&self, program: &str, command: &str, config: &Path) -> Command {
        let (name, value) = self.token.environment();
        let mut built = Command::new(program::path(program));
        built.arg(command).arg("--config").arg(config).env(name, value);
        if self.options.faulty_token.is_some() {
            built.envs(orders::environment(&self.token));
        }
        built
    }

    // Starting and stopping.

    /// Starts the key manager and waits until its listeners are open.
    #[track_caller]
    pub fn start_key_manager(&self) {
        let known = self.public("addresses.json");
        let _ = std::fs::remove_file(&known);
        self.spawn("keymanager", &mut self.key_manager_command("serve"));
        self.await_or_show("keymanager", || known.exists());
        let text = std::fs::read(&known).expect("the addresses");
        let said: Value = serde_json::from_slice(&text).expect("addresses as JSON");
        let text = |name: &str| said[name].as_str().expect("an address").to_owned();
        let mut addresses = self.addresses.lock().expect("addresses");
        (addresses.rest, addresses.officer) = (text("rest"), text("officer"));
        (addresses.grpc, addresses.ops) = (text("grpc"), text("ops"));
        let there = |name: &str| said[name].as_str().map(str::to_owned);
        (addresses.mosip, addresses.mosip_http) = (there("mosip"), there("mosip_http"));
    }

    /// Starts an issuer that was stopped, at its former port.
    #[track_caller]
    pub fn start_issuer_again(&self) {
        self.serve_issuer();
    }

    fn start_issuer(&self) {
        let folder = self.folder().join("issuer");
        let certified = self.certificate(identities::DEMO, "issuer", "dev-issuer");
        std::fs::copy(&certified.certificate, folder.join("certificate.pem")).expect("a copy");
        std::fs::copy(&certified.key, folder.join("key.pem")).expect("a copy");
        let port = self.issuer_port.lock().expect("the port").take().expect("the port, once");
        let number = port.local_addr().expect("an address").port();
        let text = settings::issuer(self.folder(), &self.issuer, number, self.options.token_seconds);
        std::fs::write(self.config("issuer"), text).expect("the configuration");
        drop(port);
        self.serve_issuer();
    }

    #[track_caller]
    fn serve_issuer(&self) {
        self.spawn("issuer", &mut self.command("dev-issuer", "serve", &self.config("issuer")));
        let anyone = Client::new(https(&self.public("ca.pem"), None), &self.issuer);
        self.await_or_show("issuer", || {
            anyone.try_send("GET", "/.well-known/openid-configuration", None, Vec::new()).is_ok()
        });
    }

    /// Writes the registry's configuration and its one-time token.
    fn prepare_registry(&self) {
        let addresses = self.addresses().clone();
        let (folder, url) = (self.folder(), self.registry_rows.url());
        let text = settings::registry(folder, &url, &self.issuer, &addresses.rest, &addresses.grpc, &self.options);
        std::fs::write(self.config("registry"), text).expect("the configuration");
        let invitation = folder.join("registry/invitation");
        self.invite(identities::DEMO, "registry", "registry", &invitation);
    }

    /// Starts the registry and waits until it is ready.
    #[track_caller]
    pub fn start_registry(&self) {
        let state = self.folder().join("registry");
        let (known, ops) = (state.join("registry-address"), state.join("registry-ops-address"));
        for file in [&known, &ops] {
            let _ = std::fs::remove_file(file);
        }
        self.spawn("registry", &mut self.command("registry-svc", "serve", &self.config("registry")));
        self.await_or_show("registry", || ops.exists());
        let text = |file: &Path| std::fs::read_to_string(file).expect("an address").trim().to_owned();
        {
            let mut addresses = self.addresses.lock().expect("addresses");
            (addresses.registry, addresses.registry_ops) = (text(&known), text(&ops));
        }
        self.await_or_show("registry", || self.registry_readiness().is_some_and(|(status, _)| status == 200));
        self.write_endpoints();
    }

    fn spawn(&self, name: &'static str, command: &mut Command) {
        let mine = self.options.environment.iter().filter(|(service, ..)| *service == name);
        command.envs(mine.map(|(_, name, value)| (name, value)));
        let count = (0..).find(|count| !self.log_file(name, *count).exists()).expect("a number");
        let child = Child::start(command, &self.log_file(name, count));
        self.guard.note(child.id());
        self.services.lock().expect("services").insert(name, child);
    }

    fn log_file(&self, name: &str, count: u32) -> PathBuf {
        self.folder().join("logs").join(format!("{name}-{count}.log"))
    }

    #[track_caller]
    fn await_or_show(&self, name: &'static str, mut condition: impl FnMut() -> bool) {
        let mut ended = false;
        let held = wait_until(START, || {
            ended = !self.service(name).get_mut(name).is_some_and(Child::is_running);
            ended || condition()
        });
        assert!(held && !ended, "{name} did not start{}\n{}", if ended { ": it ended" } else { "" }, self.logs(60));
    }

    fn service(&self, _name: &str) -> MutexGuard<'_, HashMap<&'static str, Child>> {
        self.services.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Waits until the key manager says that it is ready.
    #[track_caller]
    pub fn wait_until_ready(&self) {
        self.await_or_show("keymanager", || self.readiness().is_some_and(|(status, _)| status == 200));
    }

    /// Asks a service to stop, as a service manager does; gives its exit code, or nothing if it did not end in time.
    pub fn stop(&self, name: &'static str) -> Option<Option<i32>> {
        let mut child = self.service(name).remove(name).expect("the service runs");
        child.stop(Duration::from_secs(20)).map(|status| status.code())
    }

    /// Sends a signal to a service by its name, as `kill -NAME` does.
    pub fn signal(&self, name: &'static str, signal: &str) {
        self.service(name).get(name).expect("the service runs").signal(signal);
    }

    /// Ends a service at once, as a power failure does.
    pub fn kill(&self, name: &'static str) {
        self.service(name).remove(name).expect("the service runs").kill();
    }

    pub fn process_id(&self, name: &'static str) -> u32 {
        self.service(name).get(name).expect("the service runs").id()
    }

    /// The last lines that each service logged.
    pub fn logs(&self, lines: usize) -> String {
        let mut shown = String::new();
        let mut files: Vec<_> = std::fs::read_dir(self.folder().join("logs")).into_iter().flatten().flatten().collect();
        files.sort_by_key(std::fs::DirEntry::file_name);
        for file in files {
            let text = std::fs::read_to_string(file.path()).unwrap_or_default();
            let all: Vec<_> = text.lines().collect();
            let last = &all[all.len().saturating_sub(lines)..];
            shown.push_str(&format!("--- {}\n{}\n", file.file_name().display(), last.join("\n")));
        }
        shown
    }

    /// The files in which a service has logged since the system was started.
    pub fn log_files(&self, name: &str) -> Vec<PathBuf> {
        (0..).map(|count| self.log_file(name, count)).take_while(|file| file.exists()).collect()
    }

    /// Everything that a service has logged since the system was started.
    pub fn log_of(&self, name: &str) -> String {
        let text = |file: PathBuf| String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned();
        self.log_files(name).into_iter().map(text).collect()
    }

    /// Where everything listens.
    pub(crate) fn addresses(&self) -> MutexGuard<'_, Addresses> {
        self.addresses.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

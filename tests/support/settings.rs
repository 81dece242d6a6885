//! The configuration files of a test system.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use km_test_support::{Module, TestToken};

use crate::identities::{self, Identity};
use crate::orders;
use crate::shipped;

/// What a test may want to be different.
#[derive(Debug, Clone)]
pub struct Options {
    pub development: bool,
    /// Life of certificates, in seconds.
    pub lifetime: u32,
    /// Bytes of a request body.
    pub max_body: usize,
    pub terms_per_minute: u32,
    /// Starts the registry beside the key manager.
    pub registry: bool,
    /// What kind of token the key manager has.
    pub token: Module,
    /// How much the services log.
    pub log_level: &'static str,
    /// Milliseconds until a service answers 503. Long, for tests share a loaded machine.
    pub deadline_ms: u32,
    /// Threads that use the token.
    pub token_threads: u32,
    /// The key manager's token is behind the module that fails on demand, with these first orders (`System::orders`).
    pub faulty_token: Option<&'static str>,
    /// Takes the configuration files that ship instead of the tests' own: nothing else here holds then, but `registry`.
    pub shipped: bool,
    /// Life of access tokens, in seconds.
    pub token_seconds: u32,
    /// More variables for the process of a service: its name, the variable, the value.
    pub environment: Vec<(&'static str, String, String)>,
    /// Serves the MOSIP dialect, with these further lines in its section.
    pub mosip: Option<String>,
    /// Further lines of the dialect's bootstrap file, before all else in it.
    pub bootstrap: &'static str,
    /// The port that the issuer's address names, where something of the test stands in front of it, and the issuer's own.
    pub issuer_behind: Option<(u16, u16)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            development: false,
            lifetime: 86_400,
            max_body: 2 * 1024 * 1024,
            terms_per_minute: 10_000,
            registry: false,
            token: Module::default(),
            log_level: "info",
            deadline_ms: 20_000,
            token_threads: 4,
            faulty_token: None,
            shipped: false,
            token_seconds: 3600,
            environment: Vec::new(),
            mosip: None,
            bootstrap: "",
            issuer_behind: None,
        }
    }
}

/// Where the register definitions that ship lie.
pub fn registers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/registers")
}

/// The key manager's file; its ports it keeps itself.
pub fn key_manager(folder: &Path, token: &TestToken, database: &str, issuer: &str, options: &Options) -> String {
    if options.shipped {
        return shipped::key_manager(folder, token, database, issuer);
    }
    let Options { development, lifetime, max_body, terms_per_minute, log_level, deadline_ms, token_threads, .. } =
        options;
    let TestToken { module, label, pin_file, .. } = token;
    let module = if options.faulty_token.is_some() { &orders::module() } else { module };
    format!(
        r#"state_dir = "{state}"
installation = "Sealkeep test"
log_origin = "sealkeep.test/log"
development = {development}
registers = "{registers}"
operators_tenant = "demo"

[database]
url = "{database}"

[token]
module = "{module}"
label = "{label}"
pin_file = "{pin_file}"

[certificates]
lifetime_seconds = {lifetime}

[budgets]
terms_per_minute = {terms_per_minute}

[lanes]
deadline_ms = {deadline_ms}
token = {token_threads}

[jobs]
checkpoint_ms = 100

[limits]
max_body = {max_body}
workers = 1

[log]
level = "{log_level}"
format = "json"
{issuers}{mosip}"#,
        mosip = mosip(folder, options),
        state = folder.join("keymanager").display(),
        registers = registers().display(),
        module = module.display(),
        pin_file = pin_file.display(),
        issuers = issuers(issuer),
    )
}

/// The section of the MOSIP dialect, with a bootstrap file beside it: the one that ships, and what the test adds.
fn mosip(folder: &Path, options: &Options) -> String {
    let Some(further) = &options.mosip else { return String::new() };
    let shipped = std::fs::read_to_string(registers().join("../mosip/bootstrap.toml")).expect("the bootstrap file");
    let (lists, policies) = shipped.split_at(shipped.find("[[policies]]").expect("policies"));
    let file = folder.join("mosip-bootstrap.toml");
    std::fs::write(&file, format!("{lists}{}\n{policies}", options.bootstrap)).expect("the bootstrap file");
    format!("\n[mosip]\ntenant = \"demo\"\nbootstrap = \"{}\"\n{further}\n", file.display())
}

/// The registry's file.
pub fn registry(folder: &Path, database: &str, issuer: &str, rest: &str, grpc: &str, options: &Options) -> String {
    if options.shipped {
        return shipped::registry(folder, database, issuer, rest, grpc);
    }
    let Options { development, max_body, log_level, deadline_ms, .. } = options;
    let public = folder.join("keymanager");
    let for_key_manager = deadline_ms + 1000;
    format!(
        r#"state_dir = "{state}"
development = {development}
registers = "{registers}"

[database]
url = "{database}"
deadline_ms = {deadline_ms}

[key_manager]
grpc = "{grpc}"
rest = "{rest}"
service_root = "{service_root}"
evidence_root = "{evidence_root}"
deadline_ms = {for_key_manager}

[jobs]
settle_ms = 200
terms_seconds = 1

[limits]
max_body = {max_body}
workers = 1

[log]
level = "{log_level}"
format = "json"
{issuers}"#,
        state = folder.join("registry").display(),
        registers = registers().display(),
        service_root = public.join("ca.pem").display(),
        evidence_root = public.join("evidence-root.pem").display(),
        issuers = issuers(issuer),
    )
}

fn issuers(issuer: &str) -> String {
    format!(
        r#"
[[issuers]]
issuer = "{issuer}"
audience = "sealkeep"
algorithms = ["ES256"]
tenant = {{ claim = "tenant" }}
"#
    )
}

/// The development issuer's file.
pub fn issuer(folder: &Path, issuer: &str, port: u16, token_seconds: u32) -> String {
    let state = folder.join("issuer");
    let mut text = format!(
        r#"state = "{state}"
port = {port}
issuer = "{issuer}"
access_token_seconds = {token_seconds}

[tls]
certificate = "{state}/certificate.pem"
key = "{state}/key.pem"

[log]
format = "json"
"#,
        state = state.display()
    );
    for identity in identities::ALL {
        let (name, roles) = (identity.name, identity.roles);
        let secret = secret_file(folder, name);
        let acr = identity.acr.map(|acr| format!("acr = \"{acr}\"\n")).unwrap_or_default();
        write!(
            text,
            "\n[[clients]]\nclient_id = \"{name}\"\nsecret_file = \"{}\"\nroles = {roles:?}\ntenant = \"{}\"\n{acr}",
            secret.display(),
            identity.tenant,
        )
        .expect("text grows");
    }
    for program in ["kmctl", "registryctl"] {
        let back = "redirect_uris = [\"http://127.0.0.1/callback\"]";
        write!(text, "\n[[clients]]\nclient_id = \"{program}\"\n{back}\n").expect("text grows");
    }
    for Identity { name, roles, tenant, .. } in identities::PEOPLE {
        let (password, factor) = (secret_file(folder, name), factor_file(folder, name));
        write!(
            text,
            "\n[[people]]\nusername = \"{name}\"\npassword_file = \"{}\"\ntotp_secret_file = \"{}\"\nroles = {roles:?}\ntenant = \"{tenant}\"\n",
            password.display(),
            factor.display(),
        )
        .expect("text grows");
    }
    text
}

/// Where the secret of an identity lies, or the password of a person.
pub fn secret_file(folder: &Path, identity: &str) -> PathBuf {
    folder.join("secrets").join(identity)
}

/// Where the second factor of a person lies.
pub fn factor_file(folder: &Path, person: &str) -> PathBuf {
    folder.join("secrets").join(format!("{person}.totp"))
}

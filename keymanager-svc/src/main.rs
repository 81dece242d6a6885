//! The key manager: owns every key. `serve` opens the REST, officer and gRPC doors; the other commands prepare and check.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod anchor;
mod commands;
mod config;
mod dialect;
mod edge;
mod error;
mod grpc;
mod idempotency;
mod jobs;
mod mosip;
mod officer;
mod pem;
mod rest;
mod startup;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{config::Config, startup::StartError};

/// Whatever is freed is overwritten first: HTTP, JSON and base64 buffers too that held a value or a data key for a moment. What
/// wipes itself earlier (`SecretBytes` and its kin) does not wait for this. Beneath is jemalloc: a software token gives out and takes
/// back memory hundreds of times in a call, and has the C library's allocator to itself (`crates/hsm/README.md` has figures).
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<tikv_jemallocator::Jemalloc> =
    zeroizing_alloc::ZeroAlloc(tikv_jemallocator::Jemalloc);

/// The Sealkeep key manager.
#[derive(Parser)]
#[command(name = "keymanager-svc", version = env!("SEALKEEP_VERSION"))]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the keys that are missing, and those of a tenant.
    #[command(after_help = "Example: keymanager-svc init --config keymanager.toml --tenant demo")]
    Init {
        #[command(flatten)]
        config: ConfigFile,
        /// A tenant to be made, with its keys.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Open the doors and run until SIGTERM or Ctrl-C.
    #[command(after_help = "Example: keymanager-svc serve --config keymanager.toml")]
    Serve(ConfigFile),
    /// Bring the database's schema to the one that this binary knows.
    #[command(after_help = "Example: keymanager-svc migrate --config keymanager.toml")]
    Migrate(ConfigFile),
    /// Check the configuration and the bootstrap file that it names, and say all that is wrong with them.
    #[command(after_help = "Example: keymanager-svc check-config --config keymanager.toml")]
    CheckConfig(ConfigFile),
    /// Read the whole audit log and check its tree and newest checkpoint.
    #[command(after_help = "Example: keymanager-svc verify-audit --config keymanager.toml")]
    VerifyAudit(ConfigFile),
    /// Copy the database, while serving.
    #[command(after_help = "Example: keymanager-svc backup --config keymanager.toml --to keymanager.backup")]
    Backup {
        #[command(flatten)]
        config: ConfigFile,
        /// A file that does not exist yet.
        #[arg(long)]
        to: PathBuf,
    },
    /// Put a copy back, while stopped.
    #[command(after_help = "Example: keymanager-svc restore --config keymanager.toml --from keymanager.backup")]
    Restore {
        #[command(flatten)]
        config: ConfigFile,
        #[arg(long)]
        from: PathBuf,
    },
    /// Write a one-time token for a first certificate.
    #[command(
        after_help = "Example: keymanager-svc invite --config keymanager.toml --tenant demo --kind registry --name registry --out registry.token"
    )]
    Invite {
        #[command(flatten)]
        config: ConfigFile,
        #[arg(long)]
        tenant: String,
        /// registry, officer, client or issuer.
        #[arg(long)]
        kind: String,
        #[arg(long)]
        name: String,
        /// The file for the token, made with mode 0600.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Args)]
struct ConfigFile {
    /// The configuration, a TOML file.
    #[arg(long)]
    config: PathBuf,
}

impl ConfigFile {
    fn load(&self) -> Result<Config, StartError> {
        Ok(km_service::config::load::<Config>(&self.config)?.resolved(&self.config))
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keymanager-svc: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), StartError> {
    match command {
        Command::Init { config, tenant } => commands::init::run(&config.load()?, tenant.as_deref()),
        Command::Serve(file) => {
            let config = file.load()?;
            km_service::telemetry::start(&config.log);
            km_service::tls::install_default_provider();
            let hardening = km_service::hardening::harden();
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(commands::serve::run(config, hardening))
        }
        Command::Migrate(file) => commands::migrate::run(&file.load()?),
        Command::CheckConfig(file) => commands::check_config::run(&file.load()?),
        Command::VerifyAudit(file) => commands::verify_audit::run(&file.load()?),
        Command::Backup { config, to } => commands::backup::run(&config.load()?, &to),
        Command::Restore { config, from } => commands::restore::run(&config.load()?, &from),
        Command::Invite { config, tenant, kind, name, out } => {
            commands::invite::run(&config.load()?, &tenant, &kind, &name, &out)
        }
    }
}

//! The registry: holds people and households as ciphertext only. `serve` opens its REST listener; the other commands
//! prepare, check, copy.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod certificate;
mod commands;
mod config;
mod error;
mod jobs;
mod keymanager;
mod operations;
mod rest;
mod startup;
mod storage;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{commands::Done, config::Config, startup::StartError};

/// The Sealkeep registry.
#[derive(Parser)]
#[command(name = "registry-svc", version = env!("SEALKEEP_VERSION"))]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Answer as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Open the listener and run until SIGTERM or Ctrl-C.
    #[command(after_help = "Example: registry-svc serve --config registry.toml")]
    Serve(ConfigFile),
    /// Bring the database's schema to the one that this program knows.
    #[command(after_help = "Example: registry-svc migrate --config registry.toml")]
    Migrate(ConfigFile),
    /// Check the configuration and say all that is wrong with it.
    #[command(after_help = "Example: registry-svc check-config --config registry.toml")]
    CheckConfig(ConfigFile),
    /// Copy the database, while serving.
    #[command(after_help = "Example: registry-svc backup --config registry.toml --to registry.backup")]
    Backup {
        #[command(flatten)]
        config: ConfigFile,
        /// A file that does not exist yet.
        #[arg(long)]
        to: PathBuf,
    },
    /// Put a copy back, while stopped.
    #[command(after_help = "Example: registry-svc restore --config registry.toml --from registry.backup")]
    Restore {
        #[command(flatten)]
        config: ConfigFile,
        #[arg(long)]
        from: PathBuf,
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

/// Exit codes: 0 good, 1 refused or false, 2 usage (clap's own), 3 unavailable.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(done) => {
            let text = if arguments.json { done.facts.to_string() } else { done.sentence };
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("registry-svc: {error}");
            ExitCode::from(match error {
                StartError::Refused(_) => 1,
                StartError::Unavailable(_) => 3,
            })
        }
    }
}

fn run(command: Command) -> Result<Done, StartError> {
    match command {
        Command::Serve(file) => {
            let config = file.load()?;
            km_service::telemetry::start(&config.log);
            km_service::tls::install_default_provider();
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(commands::serve::run(config))
        }
        Command::Migrate(file) => commands::migrate::run(&file.load()?),
        Command::CheckConfig(file) => commands::check_config::run(&file.load()?),
        Command::Backup { config, to } => commands::backup::run(&config.load()?, &to),
        Command::Restore { config, from } => commands::restore::run(&config.load()?, &from),
    }
}

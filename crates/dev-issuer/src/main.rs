//! An OpenID Connect issuer for development and tests: client credentials for backends, authorization code with PKCE and a
//! one-time password for people. It takes the place of Keycloak on a developer's machine and says so when it starts.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod accounts;
mod codes;
mod endpoints;
mod issuer;
mod secrets;
mod serve;
mod settings;
mod signing;
mod tokens;
mod totp;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use km_domain::{Clock, SystemClock};

/// An OpenID Connect issuer for development and tests only.
#[derive(Parser)]
#[command(version = env!("SEALKEEP_VERSION"), after_help = "Example: dev-issuer serve --config dev-issuer.toml")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until SIGTERM or SIGINT. SIGHUP makes a new signing key; the former stays in the key set.
    #[command(after_help = "Example: dev-issuer serve --config dev-issuer.toml")]
    Serve {
        #[arg(long)]
        config: PathBuf,
    },
    /// Reads the configuration and lists its faults.
    #[command(after_help = "Example: dev-issuer check-config --config dev-issuer.toml")]
    CheckConfig {
        #[arg(long)]
        config: PathBuf,
    },
    /// Prints the one-time password of this moment, as an authenticator app would show it.
    #[command(after_help = "Example: dev-issuer code --secret-file .sealkeep/issuer/officer.totp")]
    Code {
        #[arg(long)]
        secret_file: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve { config } => serve::serve(&config).await,
        Command::CheckConfig { config } => serve::check(&config),
        Command::Code { secret_file } => code(&secret_file),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dev-issuer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn code(secret_file: &std::path::Path) -> Result<(), serve::ServeError> {
    let secret = secrets::totp_secret(&secrets::read(secret_file)?)
        .ok_or(serve::ServeError::Settings("the one-time password secret must be base32 of 16 bytes or more"))?;
    println!("{}", totp::code(secret.expose(), totp::step(SystemClock.now())));
    Ok(())
}

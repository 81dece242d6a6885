//! `kmctl certificate …`

mod revoke;

use clap::{Args, Subcommand};

use crate::{answer::Answer, failure::Failure, online::Online};

/// Certificates of services and workstations.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer certificate revoke 5f2c81")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Revoke(revoke::Arguments),
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    match &arguments.command {
        Command::Revoke(arguments) => revoke::run(arguments, online).await,
    }
}

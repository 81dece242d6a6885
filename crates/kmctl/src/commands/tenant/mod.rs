//! `kmctl tenant …`

mod create;

use clap::{Args, Subcommand};

use crate::{answer::Answer, failure::Failure, online::Online};

/// Tenants: the walls that keys, registers and events stand behind.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer tenant create north")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Create(create::Arguments),
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    match &arguments.command {
        Command::Create(arguments) => create::run(arguments, online).await,
    }
}

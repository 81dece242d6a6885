//! `kmctl key …`

pub mod arguments;
mod create;
mod list;
mod public;
mod rotate;
mod show;

use clap::{Args, Subcommand};

use crate::{answer::Answer, failure::Failure, online::Online};

/// Keys: list, show, create, rotate, and their public parts.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer key list")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Arguments),
    Show(show::Arguments),
    Create(create::Arguments),
    Rotate(rotate::Arguments),
    Public(public::Arguments),
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    match &arguments.command {
        Command::List(_) => list::run(online).await,
        Command::Show(arguments) => show::run(arguments, online).await,
        Command::Create(arguments) => create::run(arguments, online).await,
        Command::Rotate(arguments) => rotate::run(arguments, online).await,
        Command::Public(arguments) => public::run(arguments, online).await,
    }
}

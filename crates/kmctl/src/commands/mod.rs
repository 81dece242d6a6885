//! One file a command. A command is added here in three places: its module, its variant, its arm.
//!
//! Commands that need no service ([`verify`], [`completions`]) run as they stand. Commands of officers and auditors that
//! call the key manager go through crate `client`.

mod completions;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

use crate::outcome::Failure;

#[derive(Subcommand)]
pub enum Command {
    Verify(verify::Arguments),
    Completions(completions::Arguments),
}

impl Command {
    /// Runs the command. `program` is the whole command line, from which completions are made.
    pub fn run(&self, program: &mut clap::Command, json: bool) -> Result<ExitCode, Failure> {
        match self {
            Self::Verify(arguments) => verify::run(arguments, json),
            Self::Completions(arguments) => completions::run(arguments, program),
        }
    }
}

//! `kmctl completions SHELL`

use std::{io, process::ExitCode};

use clap::Args;
use clap_complete::{Shell, generate};

use crate::outcome::Failure;

/// Print a completion script for a shell.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl completions bash")]
pub struct Arguments {
    shell: Shell,
}

pub fn run(arguments: &Arguments, program: &mut clap::Command) -> Result<ExitCode, Failure> {
    generate(arguments.shell, program, "kmctl", &mut io::stdout());
    Ok(ExitCode::SUCCESS)
}

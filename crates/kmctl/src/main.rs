//! `kmctl`: the officer's and auditor's command. It calls the key manager's API and verifies bundles offline; it never
//! opens a token or a database.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod commands;
mod outcome;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::commands::Command;

/// Officer's and auditor's command for a Sealkeep key manager.
#[derive(Parser)]
#[command(
    name = "kmctl",
    arg_required_else_help = true,
    after_help = "Exit codes: 0 good, 1 refused or false, 2 usage, 3 unavailable\n\nExample:\n  kmctl verify export.zip --root evidence-root.pem"
)]
struct Arguments {
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// Print the version.
    #[arg(long)]
    version: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.version {
        println!("kmctl {} ({})", env!("CARGO_PKG_VERSION"), option_env!("SEALKEEP_COMMIT").unwrap_or("dev"));
        return ExitCode::SUCCESS;
    }
    let Some(command) = arguments.command else {
        eprint!("{}", Arguments::command().render_help());
        return ExitCode::from(outcome::USAGE);
    };
    match command.run(&mut Arguments::command(), arguments.json) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("kmctl: {failure}");
            failure.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    /// Every subcommand's help ends with an example, and the example is a command line that is understood.
    #[test]
    fn every_example_is_understood() {
        for subcommand in Arguments::command().get_subcommands() {
            let help = subcommand.get_after_help().expect("no example").to_string();
            let example = help.lines().last().unwrap().split_whitespace();
            assert!(Arguments::try_parse_from(example).is_ok(), "{help}");
        }
    }
}

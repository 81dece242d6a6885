//! `kmctl`: the officer's and auditor's command. It calls the key manager's API and verifies bundles offline; it never
//! opens a token or a database.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod answer;
mod commands;
mod failure;
mod files;
mod online;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::{commands::Command, failure::Failure, online::Online};

/// Officer's and auditor's command for a Sealkeep key manager.
///
/// Exit codes: 0 good, 1 refused or false, 2 usage, 3 unavailable. `kmctl NAME` runs the program kmctl-NAME, beside this one or
/// on the path, where NAME is no command of this one.
#[derive(Parser)]
#[command(
    name = "kmctl",
    version = env!("SEALKEEP_VERSION"),
    arg_required_else_help = true,
    after_help = "Example:\n  kmctl --endpoints .sealkeep/endpoints.json --as officer key list"
)]
struct Arguments {
    #[command(flatten)]
    online: Online,
    /// Print JSON instead of text; a refusal too, with its `code` and `detail`.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let answer = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Unavailable(format!("the program cannot start: {error}")))
        .and_then(|runtime| {
            runtime.block_on(arguments.command.run(&arguments.online, arguments.json, &mut Arguments::command()))
        });
    match answer {
        Ok(answer) => answer.print(arguments.json),
        Err(failure) => failure.print(arguments.json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    /// The help of every command ends with an example, and the example is a command line that is understood.
    #[test]
    fn every_example_is_understood() {
        let mut commands = vec![Arguments::command()];
        let mut examples = 0;
        while let Some(command) = commands.pop() {
            let name = command.get_name();
            let help = command.get_after_help().unwrap_or_else(|| panic!("{name} has no example")).to_string();
            let line = help.lines().last().unwrap().split(" > ").next().unwrap();
            if let Err(error) = Arguments::try_parse_from(line.split_whitespace()) {
                panic!("{name}: {error}");
            }
            examples += 1;
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(examples > 20, "only {examples} commands were seen");
    }

    #[test]
    fn what_does_not_fit_is_usage() {
        for line in [
            "kmctl key create payments --purpose sign --algorithm RS256 --allow sealkeep-backend",
            "kmctl key create payments --purpose key-root --algorithm AES-256 --allow sealkeep-backend",
            "kmctl key create payments --purpose sign --algorithm P-256 --allow everybody",
            "kmctl key create payments --purpose sign --algorithm P-256",
            "kmctl key show ../secret",
            "kmctl approve ../../keys",
            "kmctl certificate revoke 12/34",
            "kmctl verify-message payments message",
            "kmctl verify-message payments message --signature AA --signature-file s",
            "kmctl verify-message payments message --signature AA --der",
            "kmctl verify-message payments message --signature not~base64",
            "kmctl log events --limit 0",
            "kmctl export --out a.zip",
            "kmctl tenant",
            "kmctl tenant create",
            "kmctl tenant create North",
        ] {
            let Err(error) = Arguments::try_parse_from(line.split_whitespace()) else {
                panic!("{line} was understood")
            };
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    /// Base64url may begin with a hyphen.
    #[test]
    fn a_hyphen_may_lead_a_thumbprint_and_a_signature() {
        for line in [
            "kmctl approve -zbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs --as officer",
            "kmctl --as officer approve --bLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
            "kmctl verify-message payments message --signature -_8 --as backend",
        ] {
            let arguments = Arguments::try_parse_from(line.split_whitespace());
            assert!(arguments.is_ok_and(|arguments| arguments.online.who.is_some()), "{line}");
        }
    }

    #[test]
    fn global_options_stand_anywhere() {
        for line in ["kmctl --as officer --json key list", "kmctl key list --json --as officer"] {
            let arguments = Arguments::try_parse_from(line.split_whitespace()).ok().unwrap();
            assert!(arguments.json && arguments.online.who.as_deref() == Some("officer"), "{line}");
        }
    }
}

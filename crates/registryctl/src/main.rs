//! `registryctl`: imports, finds, opens, lists and erases records as a backend or a caseworker does. Personal values are
//! encrypted before they leave this program and decrypted in it; they are never taken from the command line.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod arguments;
mod commands;
mod exit;
mod import;
mod output;
mod value_input;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::{Arguments, Command};
use exit::Outcome;
use output::Output;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::of_arguments(&error),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::fail(&format!("the program cannot start: {error}")),
    };
    let output = Output::new(arguments.json);
    match runtime.block_on(run(&arguments, &output)) {
        Ok(outcome) => outcome.into(),
        Err(error) => exit::of_error(&error, &output),
    }
}

async fn run(arguments: &Arguments, output: &Output) -> Result<Outcome, km_client::ClientError> {
    match &arguments.command {
        Command::Login(login) => commands::login::run(arguments, login, output).await,
        Command::Enrol => commands::enrol::run(arguments, output).await,
        Command::Import(import) => commands::import::run(arguments, import, output).await,
        Command::Create(create) => commands::store::create(arguments, create, output).await,
        Command::Update(update) => commands::store::update(arguments, update, output).await,
        Command::Find(find) => commands::find::run(arguments, find, output).await,
        Command::Open(open) => commands::open::run(arguments, open, output).await,
        Command::List(list) => commands::list::run(arguments, list, output).await,
        Command::Erase(erase) => commands::erase::run(arguments, erase, output).await,
        Command::Definition(definition) => commands::definition::run(arguments, definition, output).await,
        Command::Completion { shell } => {
            clap_complete::generate(*shell, &mut Arguments::command(), "registryctl", &mut std::io::stdout());
            Ok(Outcome::Good)
        }
    }
}

//! Exit codes: 0 good, 1 refused or false, 2 usage, 3 not available.

use std::process::ExitCode;

use km_client::ClientError;
use serde_json::json;

use crate::output::Output;

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Good,
    /// Something was refused, or nothing was found.
    Refused,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::SUCCESS,
            Outcome::Refused => Self::from(1),
        }
    }
}

/// Says what went wrong and gives the code for it.
pub fn of_error(error: &ClientError, output: &Output) -> ExitCode {
    let (code, word) = match error {
        ClientError::Refused(_) | ClientError::Fields(_) => (1, "refused"),
        ClientError::NotProven(_) => (1, "not-proven"),
        ClientError::Setup(_) => (2, "usage"),
        ClientError::Unavailable(_) => (3, "unavailable"),
    };
    if output.is_json() {
        let problem = match error {
            ClientError::Refused(problem) => problem.code().to_owned(),
            _ => word.to_owned(),
        };
        output.document(&json!({"error": word, "code": problem, "detail": error.to_string()}));
    } else {
        eprintln!("registryctl: {error}");
    }
    ExitCode::from(code)
}

/// A fault of the command line, or a demand for help.
pub fn of_arguments(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

/// The program itself cannot run.
pub fn fail(reason: &str) -> ExitCode {
    eprintln!("registryctl: {reason}");
    ExitCode::from(3)
}

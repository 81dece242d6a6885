//! Why a command ended without its answer, and the exit code that says so.

use std::{fmt, process::ExitCode};

pub const USAGE: u8 = 2;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was refused, or the answer is no.
    Refused(String),
    /// The arguments do not fit.
    Usage(String),
    /// A file or service cannot be used now.
    Unavailable(String),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused(_) => 1,
            Self::Usage(_) => USAGE,
            Self::Unavailable(_) => 3,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) | Self::Usage(why) | Self::Unavailable(why) => f.write_str(why),
        }
    }
}

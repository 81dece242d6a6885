//! The one file that may read environment variables. Configuration comes from files; what is read here only says how
//! to print and where the state folder is.

use std::{io::IsTerminal, path::PathBuf};

/// Whether colours are unwanted (<https://no-color.org>: set and not empty).
#[allow(clippy::disallowed_methods)] // the one place
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Whether a person is reading standard error.
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// The folder of the state: `SEALKEEP_HOME`, else `.sealkeep` below the working directory.
#[allow(clippy::disallowed_methods)] // the one place
pub fn home() -> PathBuf {
    std::env::var_os("SEALKEEP_HOME")
        .filter(|value| !value.is_empty())
        .map_or_else(|| PathBuf::from(".sealkeep"), PathBuf::from)
}

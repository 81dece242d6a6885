//! A value to look for or to store: from a file, standard input or a prompt, never from the command line, where other users of the machine
//! and the shell's history would see it.

use std::{
    io::{IsTerminal, Read, Write},
    path::Path,
};

use km_client::ClientError;
use km_domain::SecretText;

/// Longest value that is read.
const LIMIT: u64 = 1024 * 1024;

/// Reads the value, which the prompt calls `what`; white space around it does not count.
pub fn read(what: &str, file: Option<&Path>) -> Result<SecretText, ClientError> {
    let unreadable = |error: std::io::Error| ClientError::Setup(format!("the value cannot be read: {error}"));
    let mut text = zeroed();
    match file {
        Some(path) => {
            std::fs::File::open(path).map_err(unreadable)?.take(LIMIT).read_to_string(&mut text).map_err(unreadable)?;
        }
        None if std::io::stdin().is_terminal() => {
            eprint!("{what}: ");
            let _ = std::io::stderr().flush();
            std::io::stdin().read_line(&mut text).map_err(unreadable)?;
        }
        None => {
            std::io::stdin().take(LIMIT).read_to_string(&mut text).map_err(unreadable)?;
        }
    }
    let whole = SecretText::new(text);
    let value = whole.expose().trim_start_matches('\u{feff}').trim();
    if value.is_empty() {
        return Err(ClientError::Setup("no value was given: pipe it in, name a file, or type it at the prompt".into()));
    }
    Ok(SecretText::new(value.to_owned()))
}

/// Large enough that reading never moves it, which would leave a copy behind.
fn zeroed() -> String {
    String::with_capacity(LIMIT as usize + 64)
}

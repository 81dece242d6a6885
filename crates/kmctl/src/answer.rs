//! What a command prints and how it ends: one JSON document, or text for people.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;
use serde_json::Value;

/// The answer of a command that could do its work.
#[derive(Debug)]
pub struct Answer {
    holds: bool,
    document: Value,
    text: String,
}

impl Answer {
    /// It was done, or the answer is yes.
    pub fn good(document: &impl Serialize, text: impl Into<String>) -> Self {
        Self::that(true, document, text)
    }

    /// The answer to a question.
    pub fn that(holds: bool, document: &impl Serialize, text: impl Into<String>) -> Self {
        Self { holds, document: serde_json::to_value(document).unwrap_or_default(), text: text.into() }
    }

    /// Prints it; a reader that has gone away is no fault.
    pub fn print(&self, json: bool) -> ExitCode {
        let mut out = io::stdout().lock();
        let _ = match (json, self.text.ends_with('\n') || self.text.is_empty()) {
            (true, _) => writeln!(out, "{}", self.document),
            (false, true) => write!(out, "{}", self.text),
            (false, false) => writeln!(out, "{}", self.text),
        };
        ExitCode::from(u8::from(!self.holds))
    }
}

#[cfg(test)]
impl Answer {
    pub fn document(&self) -> &Value {
        &self.document
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

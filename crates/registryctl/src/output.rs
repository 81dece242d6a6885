//! What a command prints: sentences for people, or JSON, on standard output. Notices go to standard error.

use std::io::{IsTerminal, Write};

use km_client::{Certified, OpenedRecord, RecordOutcome};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Where the results of a command go.
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether moving pictures are welcome: they go to standard error, so that JSON may go on being read from standard output.
    pub fn draws(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// One JSON document on a line.
    pub fn document<T: Serialize>(&self, document: &T) {
        if let Ok(text) = serde_json::to_string(document) {
            line(&text);
        }
    }

    /// A sentence for people; silent where JSON is wanted.
    pub fn say(&self, sentence: &str) {
        if !self.json {
            line(sentence);
        }
    }

    /// One opened record, for people; silent where JSON is wanted.
    pub fn record(&self, opened: &OpenedRecord, compared: Option<bool>) {
        if self.json {
            return;
        }
        match &opened.outcome {
            RecordOutcome::Refused(code) => line(&format!("{}  refused: {code}", opened.record)),
            RecordOutcome::NotBrought(code) => {
                line(&format!("{}  not there, says the registry: {code}", opened.record))
            }
            RecordOutcome::Values { version, values, masked } => {
                line(&format!("{}  version {version}", opened.record));
                for (name, value) in values {
                    let note = if masked.contains(name) { "  (masked)" } else { "" };
                    line(&format!("  {name}: {}{note}", plain(value.expose())));
                }
                if compared == Some(false) {
                    line("  (the field that was asked is masked: the match could not be checked)");
                }
            }
        }
    }
}

/// Where a disclosure stands in the log, and the newest checkpoint.
pub fn proof(certified: Option<&Certified>) -> (Option<u64>, Option<&str>) {
    certified.map_or((None, None), |certified| (Some(certified.log_index), certified.checkpoint.as_deref()))
}

/// One opened record as JSON. A record that stayed closed has a `problem` with a code.
pub fn record_json(opened: &OpenedRecord, compared: Option<bool>) -> Value {
    let mut document = match &opened.outcome {
        RecordOutcome::Refused(code) => {
            json!({"record": opened.record, "problem": {"code": code, "from": "keymanager"}})
        }
        RecordOutcome::NotBrought(code) => {
            json!({"record": opened.record, "problem": {"code": code, "from": "registry"}})
        }
        RecordOutcome::Values { version, values, masked } => {
            let values: Map<String, Value> =
                values.iter().map(|(name, value)| (name.clone(), value.expose().clone())).collect();
            json!({"record": opened.record, "version": version, "values": values, "masked": masked})
        }
    };
    if let (Some(compared), Some(members)) = (compared, document.as_object_mut()) {
        members.insert("compared".to_owned(), compared.into());
    }
    document
}

/// A value as people write it: texts bare, lists with `|` between their items.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" | "),
        other => other.to_string(),
    }
}

/// Prints a line; a reader that has gone away is no fault.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

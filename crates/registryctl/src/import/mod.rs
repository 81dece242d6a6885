//! Rows of a file, read one at a time, and the position of an import.

pub mod csv_rows;
pub mod journal;
pub mod json_rows;

use std::path::Path;

use km_client::ClientError;
use km_domain::register::RegisterDefinition;
use km_personal::FieldFault;
use serde_json::{Map, Value};

/// One row: its number in the file, and its fields or what is wrong with it.
pub struct Row {
    /// As a spreadsheet counts: in a CSV the header is row 1.
    pub number: u64,
    /// Bytes of the file that have been read.
    pub position: u64,
    pub fields: Result<Map<String, Value>, Vec<FieldFault>>,
}

/// The rows of a file; an error ends them.
pub type Rows = Box<dyn Iterator<Item = Result<Row, ClientError>>>;

/// Opens a file: JSON Lines where its name says so, else CSV.
pub fn rows(path: &Path, definition: &RegisterDefinition) -> Result<Rows, ClientError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "jsonl" | "ndjson" => json_rows::open(path),
        _ => csv_rows::open(path, definition),
    }
}

/// A fault of the row as a whole.
fn whole_row(rule: impl Into<String>) -> Vec<FieldFault> {
    vec![FieldFault { field: "(row)".to_owned(), rule: rule.into() }]
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> ClientError {
    ClientError::Setup(format!("{} cannot be read: {error}", path.display()))
}

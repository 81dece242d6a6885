//! JSON Lines: one object a line, its members the fields of the register.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use km_client::{ClientError, strict_json};
use serde_json::Value;

use super::{Row, Rows, unreadable, whole_row};

struct JsonRows {
    path: PathBuf,
    file: BufReader<File>,
    number: u64,
    position: u64,
}

/// Opens a file of JSON Lines. Empty lines are passed over.
pub fn open(path: &Path) -> Result<Rows, ClientError> {
    let file = BufReader::new(File::open(path).map_err(|error| unreadable(path, &error))?);
    Ok(Box::new(JsonRows { path: path.to_owned(), file, number: 0, position: 0 }))
}

impl Iterator for JsonRows {
    type Item = Result<Row, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut line = Vec::new();
            match self.file.read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(read) => self.position += read as u64,
                Err(error) => return Some(Err(unreadable(&self.path, &error))),
            }
            self.number += 1;
            let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| self.number == 1).unwrap_or(&line).trim_ascii();
            if text.is_empty() {
                continue;
            }
            let fields = match strict_json(text) {
                Some(Value::Object(fields)) => Ok(fields),
                _ => Err(whole_row("is not one JSON object in which every member stands once")),
            };
            return Some(Ok(Row { number: self.number, position: self.position, fields }));
        }
    }
}

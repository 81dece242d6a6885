//! CSV: `,` or `;`, with or without a byte order mark, columns named by the header.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use csv::{ByteRecord, Reader, ReaderBuilder};
use km_client::ClientError;
use km_domain::register::RegisterDefinition;
use km_personal::{FieldFault, from_text};
use serde_json::{Map, Value};

use super::{Row, Rows, unreadable, whole_row};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

struct CsvRows<R: Read> {
    path: PathBuf,
    reader: Reader<R>,
    columns: Vec<String>,
    definition: RegisterDefinition,
    number: u64,
}

/// Opens a CSV file and reads its header. Refused: a column that is no field of the register, a column that stands twice.
pub fn open(path: &Path, definition: &RegisterDefinition) -> Result<Rows, ClientError> {
    let mut file = BufReader::new(File::open(path).map_err(|error| unreadable(path, &error))?);
    let head = file.fill_buf().map_err(|error| unreadable(path, &error))?;
    let delimiter = delimiter(head);
    if head.starts_with(BYTE_ORDER_MARK) {
        file.consume(BYTE_ORDER_MARK.len());
    }
    let rows = read(path, file, delimiter, definition)?;
    Ok(Box::new(rows))
}

/// The sign that stands more often in the first line.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| line.iter().filter(|byte| **byte == sign).count();
    if count(b';') > count(b',') { b';' } else { b',' }
}

fn read<R: Read>(
    path: &Path,
    source: R,
    delimiter: u8,
    definition: &RegisterDefinition,
) -> Result<CsvRows<R>, ClientError> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(source);
    let header = reader.byte_headers().map_err(|error| unreadable(path, &kind(&error)))?.clone();
    let columns = columns(path, &header, definition)?;
    Ok(CsvRows { path: path.to_owned(), reader, columns, definition: definition.clone(), number: 1 })
}

/// A file without a header has values in its first line: an unknown column is named by its place only.
fn columns(path: &Path, header: &ByteRecord, definition: &RegisterDefinition) -> Result<Vec<String>, ClientError> {
    let wrong = |at: usize, what: &str| {
        Err(ClientError::Setup(format!("{}: column {} of the header {what}", path.display(), at + 1)))
    };
    let mut columns: Vec<String> = Vec::with_capacity(header.len());
    for (at, name) in header.iter().enumerate() {
        let name = std::str::from_utf8(name).unwrap_or_default().trim();
        if !definition.fields.keys().any(|field| field.as_str() == name) {
            return wrong(at, &format!("is no field of the register {}", definition.register));
        }
        if columns.iter().any(|column| column == name) {
            return wrong(at, "stands twice");
        }
        columns.push(name.to_owned());
    }
    Ok(columns)
}

impl<R: Read> Iterator for CsvRows<R> {
    type Item = Result<Row, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut cells = ByteRecord::new();
        match self.reader.read_byte_record(&mut cells) {
            Ok(false) => None,
            Ok(true) => {
                self.number += 1;
                let fields = self.fields(&cells);
                Some(Ok(Row { number: self.number, position: self.reader.position().byte(), fields }))
            }
            Err(error) => Some(Err(unreadable(&self.path, &kind(&error)))),
        }
    }
}

impl<R: Read> CsvRows<R> {
    fn fields(&self, cells: &ByteRecord) -> Result<Map<String, Value>, Vec<FieldFault>> {
        if cells.len() != self.columns.len() {
            return Err(whole_row(format!("has {} cells; the header has {}", cells.len(), self.columns.len())));
        }
        let (mut fields, mut faults) = (Map::new(), Vec::new());
        for (name, cell) in self.columns.iter().zip(cells) {
            let value = std::str::from_utf8(cell)
                .map_err(|_| FieldFault { field: name.clone(), rule: "is not UTF-8".to_owned() })
                .and_then(|text| from_text(&self.definition, name, text));
            match value {
                Ok(Value::Null) => {}
                Ok(value) => drop(fields.insert(name.clone(), value)),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(fields) } else { Err(faults) }
    }
}

/// What went wrong, without any content of the file.
fn kind(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => "it is not CSV".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn individual() -> RegisterDefinition {
        RegisterDefinition::from_json(include_str!("../../../../deploy/registers/individual.json")).unwrap()
    }

    fn all(text: &[u8]) -> Vec<Row> {
        let rows = read(Path::new("x"), text, delimiter(text), &individual()).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn both_delimiters_are_read() {
        for text in [
            "display_name,phones\n\"Ö, A\",0911234567|0911000000\n",
            "display_name;phones\n\"Ö, A\";0911234567|0911000000\n",
        ] {
            let rows = all(text.as_bytes());
            let fields = rows[0].fields.as_ref().unwrap();
            assert_eq!((rows[0].number, fields["display_name"].as_str()), (2, Some("Ö, A")));
            assert_eq!(fields["phones"].as_array().unwrap().len(), 2);
        }
    }

    #[test]
    fn a_bad_row_does_not_end_the_file() {
        let rows = all(b"display_name,income\na,1,2\nb,CANARY\n\xff,3\nd,4\n");
        let faults: Vec<String> =
            rows.iter().filter_map(|row| row.fields.as_ref().err()).map(|faults| faults[0].to_string()).collect();
        assert_eq!(faults.len(), 3);
        assert!(!faults.concat().contains("CANARY"));
        assert!(rows[3].fields.is_ok() && rows[3].number == 5);
    }

    #[test]
    fn an_unknown_column_is_refused_without_its_name() {
        for text in ["CANARY,display_name\n", "display_name,display_name\n"] {
            let error = read(Path::new("x"), text.as_bytes(), b',', &individual()).err().unwrap().to_string();
            assert!(error.contains("column") && !error.contains("CANARY"));
        }
    }
}

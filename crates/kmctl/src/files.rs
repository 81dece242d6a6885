//! Files that a command reads and writes.

use std::{fs, io::Write, path::Path};

use crate::failure::Failure;

pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| unusable(path, &error))
}

pub fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| unusable(path, &error))
}

/// That the file can be made: to be asked before anything is done that the file is to hold.
pub fn is_new(path: &Path) -> Result<(), Failure> {
    if path.exists() { Err(Failure::Usage(format!("{} is there already", path.display()))) } else { Ok(()) }
}

/// Writes a file that is not there yet.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    is_new(path)?;
    fs::File::create_new(path).and_then(|mut file| file.write_all(bytes)).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Unavailable(format!("{}: {error}", path.display()))
}

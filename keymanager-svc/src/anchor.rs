//! The newest checkpoint, kept outside the database: a database that was rolled back or rewritten does not extend it.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use km_operations::{Operations, log};

use crate::startup::StartError;

/// A file with the newest checkpoint that this replica has seen.
pub struct Anchor {
    path: PathBuf,
}

impl Anchor {
    /// The one of this state folder.
    pub fn of(state_dir: &Path) -> Self {
        Self { path: state_dir.join("newest-checkpoint") }
    }

    /// Ok: the log in the database extends the kept checkpoint, or none was kept yet.
    pub fn check(&self, operations: &Operations) -> Result<(), StartError> {
        let kept = match fs::read_to_string(&self.path) {
            Ok(kept) => kept,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StartError(format!("{}: {error}", self.path.display()))),
        };
        log::extends(operations, &kept).map_err(|error| {
            StartError(format!(
                "{error} It was kept in {}. If an older database was restored on purpose, move that file away.",
                self.path.display()
            ))
        })
    }

    /// Keeps a newer one.
    pub fn keep(&self, note: &str) -> Result<(), StartError> {
        Ok(km_service::state::write_atomically(&self.path, note.as_bytes(), 0o600)?)
    }
}

//! What can go wrong with the database as a whole.

use std::path::PathBuf;

/// Named for what the operator can do about it. No variant carries a row, a bind value or a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("database url: {0}")]
    Url(&'static str),
    #[error("database password file {path}: {reason}")]
    PasswordFile { path: PathBuf, reason: String },
    #[error("database file {path}: {reason}")]
    File { path: PathBuf, reason: String },
    /// Not reachable now; the caller may try again.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The SQLite file that was opened is not in its place any more. What is written to it now is lost.
    #[error("the database file {path} was moved away or replaced")]
    Moved { path: PathBuf },
    #[error("database migration failed: {0}")]
    Migration(String),
    /// A newer program wrote this schema.
    #[error(
        "the database schema has step {step}, written by version {needed}; this program is version {program}: use version {needed} or newer"
    )]
    SchemaNewer { step: String, needed: String, program: String },
    /// `migrate` has not run yet.
    #[error("the database schema lacks step {step}: run `migrate` first")]
    SchemaOlder { step: String },
    #[error("another process has the database open: stop it first")]
    InUse,
    #[error("{program} failed: {reason}")]
    Tool { program: &'static str, reason: String },
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}

impl DatabaseError {
    /// How the database stands, as [`crate::outage`] says it.
    pub fn outage(&self) -> &'static str {
        match self {
            Self::Query(error) => crate::outage(error).unwrap_or("cannot be used"),
            Self::Moved { .. } => "was moved away",
            _ => "does not answer",
        }
    }
}

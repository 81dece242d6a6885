//! Why the program ended without a report, and the exit code that says so. No text holds a secret.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use km_client::ClientError;
use km_database::DatabaseError;
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was refused, or what came back is not believed.
    Refused { code: String, detail: String },
    /// The arguments, or the files that they name, do not fit.
    Usage(String),
    /// A file, database or service cannot be used now.
    Unavailable(String),
}

impl Failure {
    pub fn not_proven(why: impl ToString) -> Self {
        Self::Refused { code: "not-proven".to_owned(), detail: why.to_string() }
    }

    fn parts(&self) -> (&'static str, &str, &str, u8) {
        match self {
            Self::Refused { code, detail } => ("refused", code, detail, 1),
            Self::Usage(detail) => ("usage", "usage", detail, 2),
            Self::Unavailable(detail) => ("unavailable", "unavailable", detail, 3),
        }
    }

    /// As JSON on standard output, or as a sentence on standard error.
    pub fn print(&self, json: bool) -> ExitCode {
        let (error, code, detail, exit) = self.parts();
        let _ = match self {
            _ if json => writeln!(io::stdout(), "{}", json!({"error": error, "code": code, "detail": detail})),
            Self::Refused { .. } => writeln!(io::stderr(), "kmctl import-mosip: refused, {code}: {detail}"),
            Self::Usage(_) | Self::Unavailable(_) => writeln!(io::stderr(), "kmctl import-mosip: {detail}"),
        };
        ExitCode::from(exit)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let detail = error.to_string();
        match error {
            ClientError::Refused(problem) => Self::Refused { code: problem.code().to_owned(), detail },
            ClientError::Fields(_) => Self::Refused { code: "fields".to_owned(), detail },
            ClientError::NotProven(_) => Self::not_proven(detail),
            ClientError::Setup(_) => Self::Usage(detail),
            ClientError::Unavailable(_) => Self::Unavailable(detail),
        }
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Url(_) | DatabaseError::PasswordFile { .. } => Self::Usage(error.to_string()),
            other => Self::Unavailable(format!("the source's database: {other}")),
        }
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Unavailable(format!("the source's database: {error}"))
    }
}

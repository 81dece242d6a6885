//! Why a command ended without its answer, and the exit code that says so.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use km_client::ClientError;
use km_evidence::LogFault;
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was refused, or what came back is not believed.
    Refused { code: String, detail: String },
    /// The arguments, or the files that they name, do not fit.
    Usage(String),
    /// A file or service cannot be used now.
    Unavailable(String),
}

impl Failure {
    /// What was shown does not prove what it should.
    pub fn not_proven(why: impl ToString) -> Self {
        Self::Refused { code: "not-proven".to_owned(), detail: why.to_string() }
    }

    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } => 1,
            Self::Usage(_) => 2,
            Self::Unavailable(_) => 3,
        }
    }

    fn parts(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Refused { code, detail } => ("refused", code, detail),
            Self::Usage(detail) => ("usage", "usage", detail),
            Self::Unavailable(detail) => ("unavailable", "unavailable", detail),
        }
    }

    /// As JSON on standard output, or as a sentence on standard error.
    pub fn print(&self, json: bool) -> ExitCode {
        let (error, code, detail) = self.parts();
        let _ = match self {
            _ if json => writeln!(io::stdout(), "{}", json!({"error": error, "code": code, "detail": detail})),
            Self::Refused { .. } => writeln!(io::stderr(), "kmctl: refused, {code}: {detail}"),
            _ => writeln!(io::stderr(), "kmctl: {detail}"),
        };
        ExitCode::from(self.exit_code())
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let detail = error.to_string();
        match error {
            ClientError::Refused(problem) => {
                let code = problem.code().to_owned();
                // The code has its own member.
                let detail = detail.strip_prefix(&format!("{code}: ")).unwrap_or(&detail).to_owned();
                Self::Refused { code, detail }
            }
            ClientError::Fields(_) => Self::Refused { code: "fields".to_owned(), detail },
            ClientError::NotProven(_) => Self::not_proven(detail),
            ClientError::Setup(_) => Self::Usage(detail),
            ClientError::Unavailable(_) => Self::Unavailable(detail),
        }
    }
}

impl From<LogFault> for Failure {
    fn from(fault: LogFault) -> Self {
        Self::not_proven(fault)
    }
}

#[cfg(test)]
mod tests {
    use km_api::Problem;

    use super::*;

    #[test]
    fn a_refusal_keeps_its_code() {
        let problem = Problem { title: "Not allowed".to_owned(), ..Problem::of("forbidden", 403) };
        let failure = Failure::from(ClientError::Refused(Box::new(problem)));
        assert_eq!((failure.exit_code(), failure.parts()), (1, ("refused", "forbidden", "Not allowed")));
        assert_eq!(Failure::from(ClientError::Setup("x".to_owned())).exit_code(), 2);
        assert_eq!(Failure::from(ClientError::Unavailable("x".to_owned())).exit_code(), 3);
        assert_eq!(Failure::from(LogFault::Root).exit_code(), 1);
    }
}

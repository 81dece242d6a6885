//! Why a call did not give what was asked.

use km_api::Problem;

/// What went wrong, by what the caller can do about it. No variant ever holds a personal value or a secret.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A file, an option or an address is wrong: correct it and call again.
    #[error("{0}")]
    Setup(String),
    /// The service cannot be reached or cannot answer now: call again later.
    #[error("{0}")]
    Unavailable(String),
    /// The service refused. The problem says why.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The answer is not what an honest service gives: a signature, a nonce, an id or a value does not fit.
    #[error("the answer was not accepted: {0}")]
    NotProven(&'static str),
    /// A value of the caller breaks a rule of the register's definition.
    #[error("{}", list(.0))]
    Fields(Vec<km_personal::FieldFault>),
}

/// Reads the body of an answer that is no success; a body that is no problem document gives its status alone.
pub(crate) fn problem(status: u16, body: &[u8]) -> Problem {
    serde_json::from_slice(body).unwrap_or_else(|_| Problem {
        title: format!("HTTP status {status}"),
        ..Problem::of("unexpected-answer", status)
    })
}

fn list(faults: &[km_personal::FieldFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_body_gives_a_problem() {
        let body = br#"{"type":"/docs/errors#not-unique","title":"Taken","status":409,"field":"national_id"}"#;
        assert_eq!(problem(409, body).code(), "not-unique");
        assert_eq!(problem(502, b"<html>").to_string(), "unexpected-answer: HTTP status 502");
    }
}

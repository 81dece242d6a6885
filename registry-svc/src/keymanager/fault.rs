//! Why the key manager gave nothing, named for what the caller of the registry can do about it.

use km_audit::note::NoteError;
use km_proto::v1;
use tonic::{Code, Status, metadata::MetadataMap};

/// The outcome of a call that did not succeed. No variant carries a value of the request.
#[derive(Debug, thiserror::Error)]
pub enum KeyManagerError {
    /// Not reachable, too busy or too slow: try again.
    #[error("the key manager is not available: {0}")]
    Unavailable(String),
    /// The token was not accepted.
    #[error("the key manager does not accept the token")]
    Unauthenticated,
    /// The key manager refused; `code` is one of its problem codes.
    #[error("the key manager refused: {}", .0.code)]
    Refused(Refusal),
    /// The certificate of this service was not accepted, or an RPC is not for it: for the operator, not the caller.
    #[error("the key manager does not accept this service: {0}")]
    Forbidden(String),
    /// The log does not extend what this registry has witnessed: a fork or a rollback. No answer is passed on.
    #[error("the key manager's log does not extend the checkpoint of size {kept}: {reason}")]
    Inconsistent { kept: u64, reason: &'static str },
    /// A checkpoint that is missing or not signed by the pinned key.
    #[error("the key manager's checkpoint is not believed: {0}")]
    Checkpoint(#[from] NoteError),
    /// An answer that does not fit the question.
    #[error("the key manager's answer is malformed: {0}")]
    Malformed(&'static str),
}

/// A refusal in the key manager's own words: code, and text that names field and rule and never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub detail: String,
    pub field: Option<String>,
    pub rule: Option<String>,
    /// Seconds.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// Whether the same call may succeed later: then it is no verdict on what was asked.
    pub const fn is_passing(&self) -> bool {
        self.retry_after.is_some()
    }
}

impl From<v1::Refusal> for Refusal {
    fn from(refusal: v1::Refusal) -> Self {
        let some = |text: String| (!text.is_empty()).then_some(text);
        Self {
            code: refusal.code,
            detail: refusal.detail,
            field: some(refusal.field),
            rule: some(refusal.rule),
            retry_after: None,
        }
    }
}

// Metadata of a refused call.
const CODE: &str = "sealkeep-code";
const FIELD: &str = "sealkeep-field";
const RULE: &str = "sealkeep-rule";
const RETRY_AFTER: &str = "retry-after";

impl From<Status> for KeyManagerError {
    fn from(status: Status) -> Self {
        let metadata = status.metadata();
        let refusal = |code: String| Refusal {
            code,
            detail: status.message().to_owned(),
            field: text(metadata, FIELD),
            rule: text(metadata, RULE),
            retry_after: text(metadata, RETRY_AFTER).and_then(|seconds| seconds.parse().ok()),
        };
        match (text(metadata, CODE), status.code()) {
            (Some(code), Code::Unauthenticated) if code.starts_with("token-") => Self::Unauthenticated,
            (Some(code), _) if code == "certificate-refused" => Self::Forbidden(status.message().to_owned()),
            (Some(code), _) => Self::Refused(refusal(code)),
            (None, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Aborted | Code::Unknown) => {
                Self::Unavailable(reason(&status))
            }
            (None, Code::Unauthenticated) => Self::Unauthenticated,
            (None, Code::PermissionDenied | Code::Unimplemented) => Self::Forbidden(reason(&status)),
            (None, code) => Self::Refused(refusal(bare_code(code).to_owned())),
        }
    }
}

/// The problem code that fits a status without one.
fn bare_code(code: Code) -> &'static str {
    match code {
        Code::ResourceExhausted => "budget-used-up",
        Code::NotFound => "not-found",
        Code::AlreadyExists | Code::FailedPrecondition => "conflict",
        Code::InvalidArgument | Code::OutOfRange => "invalid-request",
        _ => "key-manager-failed",
    }
}

fn text(metadata: &MetadataMap, name: &str) -> Option<String> {
    metadata.get(name)?.to_str().ok().map(str::to_owned)
}

/// The innermost source says most: "connection refused", "certificate expired".
fn reason(status: &Status) -> String {
    let first: &dyn std::error::Error = status;
    let last = std::iter::successors(Some(first), |error| error.source()).last();
    last.map(ToString::to_string).unwrap_or_default()
}

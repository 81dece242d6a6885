//! Why an operation did not do what was asked, by what the caller can do about it. No text here ever holds a secret or a
//! personal value.

use km_envelope::EnvelopeError;
use km_keystore::KeyStoreError;
use km_policy::Denied;
use km_storage::StorageError;

use crate::mosip::Fault;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A member of the request breaks a rule.
    #[error("{field}: {rule}")]
    Invalid { field: String, rule: String },
    /// A signed or encrypted message is not acceptable; a stable code says in what way.
    #[error("the request is refused: {code}")]
    Refused { code: &'static str, detail: &'static str },
    /// Ciphertext, tag, padding, AAD or signature: which, is not said.
    #[error("the message cannot be opened")]
    NotOpened,
    /// The thing is not there.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Somebody was faster, or it is there already; a stable code.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// The caller's budget is used up; try again in so many seconds.
    #[error("too many requests; try again in {retry_after} seconds")]
    Budget { retry_after: u32 },
    /// A refusal of the MOSIP dialect; its door has a code for each.
    #[error("refused: {0}")]
    Mosip(Fault),
    /// The token cannot do this; the text names the capability.
    #[error("the token cannot do {0}")]
    Unsupported(String),
    /// Token, database or log cannot be used now; try again.
    #[error("{0}")]
    Unavailable(String),
    /// Keys or policies changed while the operation ran; the edge runs it again.
    #[error("keys or policies changed meanwhile")]
    Stale,
}

impl OperationError {
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), rule: rule.into() }
    }

    pub const fn refused(code: &'static str, detail: &'static str) -> Self {
        Self::Refused { code, detail }
    }

    /// The stable code of this error: the end of a problem's `type`, and the reason in an event.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Denied(Denied::Role) => "role-missing",
            Self::Denied(Denied::StepUp) => "step-up-needed",
            Self::Denied(Denied::Key) => "key-not-found",
            Self::Invalid { .. } => "invalid-request",
            Self::Refused { code, .. } | Self::Conflict(code) => code,
            Self::NotOpened => "not-opened",
            Self::Mosip(fault) => fault.code(),
            Self::NotFound(_) => "not-found",
            Self::Budget { .. } => "budget-used-up",
            Self::Unsupported(_) => "unsupported-by-token",
            Self::Unavailable(_) => "unavailable",
            Self::Stale => "changed-meanwhile",
        }
    }

    /// Of an outage, which part is away: that helps a caller. How it failed, after the first colon, helps the operator only.
    pub fn part_away(&self) -> Option<&str> {
        match self {
            Self::Unavailable(reason) => reason.split(':').next(),
            _ => None,
        }
    }
}

impl From<KeyStoreError> for OperationError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::Unavailable(reason) => Self::Unavailable(format!("the token is not available: {reason}")),
            KeyStoreError::Refused => Self::NotOpened,
            KeyStoreError::Unsupported(what) => Self::Unsupported(what),
            KeyStoreError::NotFound => Self::Unavailable("a key is missing from the token".into()),
        }
    }
}

impl From<EnvelopeError> for OperationError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Refused => Self::NotOpened,
            EnvelopeError::Unavailable(reason) => Self::Unavailable(format!("the token is not available: {reason}")),
            EnvelopeError::Unsupported(what) => Self::Unsupported(what),
        }
    }
}

impl From<StorageError> for OperationError {
    fn from(error: StorageError) -> Self {
        match error {
            // A token that somebody used a moment ago is no better than an unknown one.
            StorageError::Conflict("invitation-used") => {
                Self::refused("token-invalid", "the one-time token is unknown, used or expired")
            }
            StorageError::Conflict(code) => Self::Conflict(code),
            StorageError::Stale => Self::Stale,
            StorageError::Unavailable { .. } | StorageError::Unrecorded { .. } => Self::Unavailable(error.to_string()),
            StorageError::Damaged(what) => Self::Unavailable(format!("a stored row is damaged: {what}")),
        }
    }
}

impl From<km_ca::CaError> for OperationError {
    fn from(error: km_ca::CaError) -> Self {
        match error {
            km_ca::CaError::Store(error) => error.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unavailable_says_which_part_and_not_how() {
        let error = OperationError::from(KeyStoreError::Unavailable("secret detail".into()));
        assert_eq!(error.part_away(), Some("the token is not available"));
        assert_eq!(OperationError::Stale.part_away(), None);
    }
}

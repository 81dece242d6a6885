//! Why the registry did not do what it was asked, named for what the caller can do about it. The one table from here to
//! problem documents is in `rest/problems.rs`.

use km_auth::AuthError;
use km_policy::Denied;

use crate::{
    keymanager::{KeyManagerError, Refusal},
    storage::StoreError,
};

/// No variant carries a value of a field.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error(transparent)]
    Token(#[from] AuthError),
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The token is of another tenant than this registry's certificate.
    #[error("the token is of another tenant")]
    OtherTenant,
    #[error("there is no such register")]
    UnknownRegister,
    #[error("there is no such record")]
    UnknownRecord,
    #[error("the record is erased")]
    Erased,
    /// A member of the request breaks a rule.
    #[error("{field}: {rule}")]
    Malformed { field: String, rule: &'static str },
    /// A sealed value is for something else than the place where it was sent.
    #[error("{field}: {rule}")]
    Misplaced { field: String, rule: &'static str },
    #[error("If-Match or If-None-Match is required")]
    PreconditionRequired,
    /// The record is not at the version that the caller builds on.
    #[error("the record is at another version")]
    PreconditionFailed { current: Option<u32> },
    /// The record exists, and was to be created.
    #[error("the record exists")]
    Exists { version: u32 },
    /// Another call is sealing the same version of the record.
    #[error("another call is sealing the record")]
    UnderWay,
    #[error("another record has the same value in field {field}")]
    Taken { field: String },
    #[error("the idempotency key was used with another request")]
    IdempotencyMismatch,
    #[error("the request with this idempotency key is still running")]
    IdempotencyRunning,
    /// One record was refused by the key manager.
    #[error("the key manager refused: {}", .0.code)]
    Refused(Refusal),
    #[error(transparent)]
    KeyManager(#[from] KeyManagerError),
    /// What happened could not be written to the log, so nothing is answered.
    #[error("the event could not be recorded: {0}")]
    Unrecorded(KeyManagerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RegistryError {
    pub fn malformed(field: impl Into<String>, rule: &'static str) -> Self {
        Self::Malformed { field: field.into(), rule }
    }

    pub fn misplaced(field: impl Into<String>, rule: &'static str) -> Self {
        Self::Misplaced { field: field.into(), rule }
    }

    /// The reason under which the log keeps a refusal of the registry's own that concerns a whole request.
    pub const fn request_refusal(&self) -> Option<&'static str> {
        match self {
            Self::Denied(_) => Some("role-missing"),
            Self::OtherTenant => Some("tenant-mismatch"),
            Self::Misplaced { .. } => Some("misplaced"),
            _ => None,
        }
    }

    /// The same, of one record.
    pub const fn record_refusal(&self) -> Option<&'static str> {
        match self {
            Self::Taken { .. } => Some("not-unique"),
            Self::Erased => Some("record-erased"),
            _ => None,
        }
    }
}

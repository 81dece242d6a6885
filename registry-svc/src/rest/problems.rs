//! The one table from errors to problem documents.

use km_auth::AuthError;
use km_policy::Denied;
use km_service::{Problem, ProblemKind, problem};

use super::kinds;
use crate::{
    error::RegistryError,
    keymanager::{KeyManagerError, Refusal},
    storage::StoreError,
};

/// Wait before trying again, where nothing better is known.
const SHORT: u32 = 1;

pub fn problem(error: RegistryError) -> Problem {
    match error {
        RegistryError::Token(error) => token(&error),
        RegistryError::Denied(Denied::Role | Denied::Key) => Problem::new(&kinds::ROLE_MISSING),
        RegistryError::Denied(Denied::StepUp) => Problem::new(&kinds::STEP_UP_NEEDED),
        RegistryError::OtherTenant => Problem::new(&kinds::TENANT_MISMATCH),
        RegistryError::UnknownRegister => Problem::new(&kinds::REGISTER_UNKNOWN),
        RegistryError::UnknownRecord => Problem::new(&kinds::RECORD_UNKNOWN),
        RegistryError::Erased => Problem::new(&kinds::RECORD_ERASED),
        RegistryError::Malformed { field, rule } => Problem::new(kind_of_member(&field)).field(field, rule),
        RegistryError::Misplaced { field, rule } => Problem::new(&kinds::MISPLACED).field(field, rule),
        RegistryError::PreconditionRequired => Problem::new(&kinds::PRECONDITION_REQUIRED),
        RegistryError::PreconditionFailed { current } => {
            let problem = Problem::new(&kinds::VERSION_CONFLICT);
            match current {
                Some(current) => problem.detail(format!("The record is at version {current}.")),
                None => problem,
            }
        }
        RegistryError::Exists { version } => {
            Problem::new(&kinds::RECORD_EXISTS).detail(format!("The record is at version {version}."))
        }
        RegistryError::UnderWay => Problem::new(&kinds::SEAL_UNDER_WAY).retry_after(SHORT),
        RegistryError::Taken { field } => Problem::new(&kinds::NOT_UNIQUE).field(field, "must be unique"),
        RegistryError::IdempotencyMismatch => Problem::new(&kinds::IDEMPOTENCY_MISMATCH),
        RegistryError::IdempotencyRunning => Problem::new(&kinds::IDEMPOTENCY_RUNNING).retry_after(SHORT),
        RegistryError::Refused(refusal) => refused(refusal),
        RegistryError::KeyManager(error) => key_manager(error),
        RegistryError::Unrecorded(error) => Problem::new(&kinds::NOT_RECORDED).retry_after(SHORT).cause(error),
        RegistryError::Store(error) => store(error),
    }
}

/// Why no principal came of a token: the caller learns that it was not accepted, the log why.
pub fn token(error: &AuthError) -> Problem {
    let kind = match error {
        AuthError::Missing => &kinds::TOKEN_MISSING,
        AuthError::IssuerAway => {
            return Problem::new(&kinds::UNAVAILABLE).detail(error.to_string()).retry_after(SHORT).cause(error);
        }
        _ => &kinds::TOKEN_INVALID,
    };
    Problem::new(kind).cause(error)
}

/// What is wrong with the sealed or signed member has its own code; all else is a malformed request.
fn kind_of_member(field: &str) -> &'static ProblemKind {
    if field == "jwe" || field.ends_with(".jwe") {
        &kinds::JWE_MALFORMED
    } else if field == "request" {
        &kinds::REQUEST_MALFORMED
    } else {
        &problem::MALFORMED_REQUEST
    }
}

/// A refusal in the key manager's words, under the same code.
fn refused(refusal: Refusal) -> Problem {
    let kind = kinds::find(&refusal.code).unwrap_or(&kinds::KEY_MANAGER_REFUSED);
    let mut problem = Problem::new(kind);
    if !refusal.detail.is_empty() {
        problem = problem.detail(refusal.detail);
    }
    if let (Some(field), Some(rule)) = (refusal.field, refusal.rule) {
        problem = problem.field(field, rule);
    }
    match refusal.retry_after {
        Some(seconds) => problem.retry_after(seconds),
        None if kind.status == 503 => problem.retry_after(SHORT),
        None => problem,
    }
}

fn key_manager(error: KeyManagerError) -> Problem {
    match error {
        KeyManagerError::Unavailable(_) => Problem::new(&kinds::UNAVAILABLE).retry_after(SHORT).cause(error),
        KeyManagerError::Unauthenticated => Problem::new(&kinds::TOKEN_INVALID).cause(error),
        KeyManagerError::Refused(refusal) => refused(refusal),
        KeyManagerError::Forbidden(_) => Problem::new(&kinds::SERVICE_REFUSED).cause(error),
        KeyManagerError::Inconsistent { .. } | KeyManagerError::Checkpoint(_) => {
            Problem::new(&kinds::LOG_INCONSISTENT).cause(error)
        }
        KeyManagerError::Malformed(_) => Problem::new(&kinds::KEY_MANAGER_FAILED).cause(error),
    }
}

fn store(error: StoreError) -> Problem {
    match error.outage() {
        // A queue is full because calls come too fast, or because the database is slow: the caller waits all the same.
        Some(how) => {
            let said = format!("the registry's database {how}");
            Problem::new(&kinds::UNAVAILABLE).detail(said).retry_after(SHORT).cause(error)
        }
        None => Problem::internal(error),
    }
}

/// The same document as a member of an answer.
pub fn member(error: RegistryError) -> km_api::Problem {
    let problem = problem(error);
    let kind = problem.kind;
    km_api::Problem {
        kind: format!("/docs/errors#{}", kind.code),
        title: kind.title.to_owned(),
        status: kind.status,
        detail: problem.detail,
        field: problem.field,
        rule: problem.rule,
        retry_after: problem.retry_after,
        request_id: None,
    }
}

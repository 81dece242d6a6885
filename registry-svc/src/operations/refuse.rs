//! Refusals of the registry's own go into the log before they are answered.

use km_audit::EventKind;

use super::{Caller, Registry};
use crate::{error::RegistryError, keymanager::event};

/// Records the refusal of a whole request, if it is one of the registry's own, and gives it back; if it cannot be recorded,
/// that is the answer.
pub async fn request(registry: &Registry, caller: &Caller, register: &str, error: RegistryError) -> RegistryError {
    let code = error.request_refusal();
    record_as(registry, caller, register, error, code).await
}

/// The same, of one record.
pub(super) async fn record(
    registry: &Registry,
    caller: &Caller,
    register: &str,
    error: RegistryError,
) -> RegistryError {
    let code = error.record_refusal();
    record_as(registry, caller, register, error, code).await
}

async fn record_as(
    registry: &Registry,
    caller: &Caller,
    register: &str,
    error: RegistryError,
    code: Option<&'static str>,
) -> RegistryError {
    let Some(code) = code else { return error };
    // A name that is no register's is not repeated in the log.
    let known = register.parse().ok().and_then(|name| registry.definitions.find(&name));
    let mut told = event(EventKind::RegistryRefused, known.map_or("", |_| register), "refused");
    (told.reason, told.count) = (code.to_owned(), 1);
    match registry.keymanager.append(&caller.behalf, told).await {
        Ok(()) => error,
        Err(fault) => RegistryError::Unrecorded(fault),
    }
}

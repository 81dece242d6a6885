//! Finding: the key manager turns the sealed search value into index terms, the registry looks them up. Neither value
//! nor terms leave.

use km_domain::{RecordId, RegisterName};
use km_policy::Action;
use km_proto::v1;

use super::{
    Caller, Registry, settle,
    signed_request::{self, Kind},
    wire,
};
use crate::{
    error::RegistryError,
    storage::{StoreError, terms},
};

/// At most so many records are found. Whoever has more namesakes adds a field.
pub const MOST: i64 = 1000;

/// The records, with their versions, whose field has the value of the request.
///
/// # Errors
/// The caller may not, or the key manager refuses.
pub async fn find(
    registry: &Registry,
    caller: &Caller,
    register: &RegisterName,
    request: String,
) -> Result<Vec<(RecordId, u32)>, RegistryError> {
    let (place, _) = registry.enter(caller, Action::FindRecord, register)?;
    signed_request::records(&request, Kind::Find, register)?;
    let told = settle::before_call(registry).await?;
    let call =
        v1::IndexTermsRequest { register: register.to_string(), request, settlement: Some(wire::settlement(&told)) };
    let found = registry.keymanager.index_terms(&caller.behalf, call).await?;
    settle::forget(registry, told).await?;
    let found = found.into_iter().map(wire::term).collect::<Result<Vec<_>, _>>()?;
    let rows = registry.store.read(move |db| terms::lookup(db, &place, &found, MOST)).await?;
    let found = rows.into_iter().map(|(record, version)| Some((record.parse().ok()?, u32::try_from(version).ok()?)));
    Ok(found.collect::<Option<Vec<_>>>().ok_or(StoreError::Damaged("index_terms"))?)
}

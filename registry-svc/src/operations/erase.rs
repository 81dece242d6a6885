//! Erasing: the key manager destroys the subject key and certifies it; then everything of the record goes but a
//! tombstone.

use km_domain::{RecordId, RegisterName};
use km_policy::Action;
use km_proto::v1;

use super::{
    Caller, Registry,
    signed_request::{self, Kind},
};
use crate::{
    error::RegistryError,
    keymanager::KeyManagerError,
    storage::{Place, erasures, records},
};

/// Erases one record and answers the certificate of erasure. A record that is erased already answers the certificate that
/// it has.
///
/// # Errors
/// The caller may not, the record is not here, or the key manager refuses.
pub async fn erase(
    registry: &Registry,
    caller: &Caller,
    register: &RegisterName,
    record: RecordId,
    request: String,
) -> Result<String, RegistryError> {
    // 1. May the caller, and what is here?
    let (place, _) = registry.enter(caller, Action::EraseRecord, register)?;
    signed_request::only(&request, Kind::Erase, register, record)?;
    let id = record.to_string();
    let (at, name) = (place.clone(), id.clone());
    let row = registry
        .store
        .read(move |db| Ok(records::current(db, &at, std::slice::from_ref(&name))?.remove(&name)))
        .await?;
    let row = row.ok_or(RegistryError::UnknownRecord)?;
    if let (Some(_), Some(certificate)) = (row.erased, row.certificate) {
        return Ok(certificate);
    }
    // 2. From here on no copy of the sealed values can be opened, whatever happens to this process.
    let call = v1::EraseRecordRequest { register: register.to_string(), request, records: vec![record.to_string()] };
    let mut results = registry.keymanager.erase(&caller.behalf, call).await?;
    let result = results.pop().filter(|result| results.is_empty() && result.record == id);
    let outcome = result.and_then(|result| result.outcome);
    let certificate = match outcome.ok_or(KeyManagerError::Malformed("EraseRecord must answer for the record"))? {
        v1::erase_result::Outcome::Certificate(certificate) => certificate,
        v1::erase_result::Outcome::Refusal(refusal) => return Err(RegistryError::Refused(refusal.into())),
    };
    // 3. The rows go.
    let (text, now) = (certificate.clone(), registry.clock.now());
    registry.store.write(move |db| erasures::erase(db, &place, &id, Some(&text), now)).await?;
    Ok(certificate)
}

/// The key manager's word for a record whose subject key is destroyed.
pub(super) const ERASED: &str = "record-erased";

/// Takes away what is left here of records that the key manager says are erased: the second half of an erasure that failed, or
/// was cut off, after the first. Who erases such a record again gets its certificate.
pub(super) async fn finish(registry: &Registry, place: &Place, records: Vec<String>) -> Result<(), RegistryError> {
    if records.is_empty() {
        return Ok(());
    }
    tracing::warn!(event = "erasure.finished", count = records.len(), "erased records were still stored here");
    let (place, now) = (place.clone(), registry.clock.now());
    let write = registry
        .store
        .write(move |db| records.iter().try_for_each(|record| erasures::erase(db, &place, record, None, now)));
    Ok(write.await?)
}

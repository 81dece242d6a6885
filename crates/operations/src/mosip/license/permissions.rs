//! What a license key permits: said, and asked.

use km_audit::EventKind;
use km_domain::SecretText;
use km_storage::{MosipLicenseRow, Unrecorded, Write};

use super::{LicenseFault, about, found, provider, rules};
use crate::{Caller, Keys, Operation, OperationError, Operations, caller::refused, keys::seal_row};

/// A license key that is shown, and whose it is said to be.
pub struct LicenseKey {
    pub provider: String,
    pub license: SecretText,
}

/// Sets what a license key permits, in place of what it did.
///
/// Errors: no such key of the provider, or its time is over; a permission that configuration does not have.
pub fn permit_license(
    operations: &Operations,
    caller: &Caller,
    asked: &LicenseKey,
    permissions: &[String],
) -> Operation<()> {
    match changed(operations, &operations.keyring.keys(), caller, asked, permissions) {
        Ok((row, was)) => {
            let mut event = caller.event(operations, EventKind::PolicySet);
            about(&mut event, &row);
            event.count = permissions.len() as u64;
            let conflict = refused(event.clone(), &OperationError::Conflict("mosip-license-changed"));
            Unrecorded::new(Ok(()), event).with(Write::update_mosip_license(row, was)).or_on_conflict(conflict)
        }
        Err(error) => caller.refuse(operations, EventKind::PolicySet, error),
    }
}

fn changed(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    asked: &LicenseKey,
    permissions: &[String],
) -> Result<(MosipLicenseRow, Vec<u8>), OperationError> {
    let provider = provider(operations, caller, &asked.provider)?;
    let known = &rules(operations)?.license_permissions;
    for permission in permissions {
        if permission.trim().is_empty() {
            return Err(LicenseFault::Empty.into());
        }
        if !known.contains(permission) {
            return Err(LicenseFault::Unknown.into());
        }
    }
    let mut row = found(operations, keys, caller, provider, &asked.license)?;
    row.permissions = permissions.join(",");
    let was = std::mem::take(&mut row.integrity);
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Ok((row, was))
}

/// What a license key permits.
///
/// Errors: no such key of the provider, or its time is over; it permits nothing.
pub fn license_permissions(operations: &Operations, caller: &Caller, asked: &LicenseKey) -> Operation<Vec<String>> {
    let keys = operations.keyring.keys();
    let found = provider(operations, caller, &asked.provider)
        .and_then(|provider| found(operations, &keys, caller, provider, &asked.license));
    match found {
        Ok(row) if row.permissions.is_empty() => {
            caller.refuse(operations, EventKind::Verify, LicenseFault::NothingPermitted.into())
        }
        Ok(row) => {
            let mut event = caller.event(operations, EventKind::Verify);
            about(&mut event, &row);
            Unrecorded::new(Ok(row.permissions.split(',').map(str::to_owned).collect()), event)
        }
        Err(error) => caller.refuse(operations, EventKind::Verify, error),
    }
}

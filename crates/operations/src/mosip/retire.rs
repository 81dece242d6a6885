//! Keys taken out of use: their aliases end, and their versions decrypt and verify only.

use std::{collections::HashSet, time::Duration};

use km_domain::{KeyState, TenantId, Timestamp};
use km_storage::Write;

use super::{Alias, KeyName};
use crate::{Keys, OperationError, Operations, keys::seal_row};

/// How far back the end of an alias is put that is taken out of use now: past, on every replica's clock.
pub(super) const BACK: Duration = Duration::from_secs(60);

/// The change that makes a conflict of any other change of a name's aliases since `keys` were read.
pub(super) fn unchanged(keys: &Keys, tenant: &TenantId, name: &KeyName) -> Write {
    let seen = keys.mosip.aliases(tenant, name).iter().map(|alias| alias.row.integrity.clone()).collect();
    Write::if_mosip_aliases_are(tenant.to_string(), name.application.clone(), name.reference.clone(), seen)
}

/// The changes that end every current alias of a name and every one to come, so that a new key is the only one.
pub(super) fn end_all(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    name: &KeyName,
    now: Timestamp,
) -> Result<Vec<Write>, OperationError> {
    let early = keys.mosip.early(tenant, name);
    let mut writes = Vec::new();
    // A key that has two certificates is deactivated once.
    let mut seen = HashSet::new();
    for alias in keys.mosip.aliases(tenant, name) {
        if alias.is_current(now, early) || alias.is_to_come(now) {
            writes.push(end(operations, keys, alias, now)?);
            if seen.insert(&alias.key) {
                writes.extend(deactivate(operations, keys, tenant, alias, now)?);
            }
        }
    }
    Ok(writes)
}

/// The change that ends one alias now.
pub(super) fn end(
    operations: &Operations,
    keys: &Keys,
    alias: &Alias,
    now: Timestamp,
) -> Result<Write, OperationError> {
    let mut row = alias.row.clone();
    row.expires = now.minus(BACK).micros();
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Ok(Write::update_mosip_alias(row, alias.row.integrity.clone()))
}

/// The changes that deactivate the versions of aliases whose time as current ones is over.
pub(super) fn deactivate_past(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    name: &KeyName,
    now: Timestamp,
) -> Result<Vec<Write>, OperationError> {
    let early = keys.mosip.early(tenant, name);
    let serves = |alias: &Alias| alias.is_current(now, early) || alias.is_to_come(now);
    let aliases = keys.mosip.aliases(tenant, name);
    // A key may have a second certificate that serves on.
    let past = |alias: &&std::sync::Arc<Alias>| {
        !serves(alias) && !aliases.iter().any(|other| serves(other) && other.shares_key_with(alias))
    };
    let mut writes = Vec::new();
    let mut seen = HashSet::new();
    for alias in aliases.iter().filter(past).filter(|alias| seen.insert(&alias.key)) {
        writes.extend(deactivate(operations, keys, tenant, alias, now)?);
    }
    Ok(writes)
}

/// The change that deactivates the version of an alias, if it is active.
pub(super) fn deactivate(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    alias: &Alias,
    now: Timestamp,
) -> Result<Option<Write>, OperationError> {
    let Some(version) = alias.version(keys, tenant).filter(|version| version.state == KeyState::Active) else {
        return Ok(None);
    };
    let mut row = version.row.clone();
    row.state = KeyState::Deactivated.name().to_owned();
    row.deactivated = Some(now.micros());
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Ok(Some(Write::update_key_version(row, KeyState::Active.name())))
}

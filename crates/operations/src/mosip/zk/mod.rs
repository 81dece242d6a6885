//! Values that are tied to a record's id (reference, section 3.12): each is sealed under a key that comes from one of many random keys
//! and the id, so whoever does not know the id opens nothing.
//!
//! MOSIP wraps the random keys by AES in its simplest mode, which notices no change. Here they are data keys like any other: wrapped by
//! AES Key Wrap under the symmetric key KERNEL and IDENTITY_CACHE, in the token, and in memory for one call.

mod decrypt;
mod encrypt;
mod keys;
mod make;
mod migrate;
mod re_encrypt;
mod transfer;

pub use decrypt::{ToOpenZk, zk_decrypt};
pub use encrypt::{SealedZk, ToSealZk, zk_encrypt};
pub use keys::ZkKeys;
pub use migrate::{IncomingRandomKey, Migrated, Migration, ToMigrate, migrate_zk_keys};
pub use re_encrypt::zk_re_encrypt;
pub use transfer::zk_transfer_certificate;

pub(super) use keys::read;
pub(super) use make::make_random_keys;
pub(super) use migrate::take_in;

use super::{Alias, Fault, KeyName, renew::rules};
use crate::{Caller, Keys, OperationError, Operations, Version};

/// The key under which new random keys are wrapped, with its alias.
///
/// Errors: `missing` where none is current.
fn wrapping_key<'a>(
    operations: &Operations,
    keys: &'a Keys,
    tenant: &km_domain::TenantId,
    missing: Fault,
) -> Result<(&'a Alias, &'a Version), OperationError> {
    let current = keys.mosip.current(tenant, &KeyName::identity_cache(), operations.clock.now());
    let alias = current.ok().flatten().ok_or(OperationError::Mosip(missing))?;
    let version = alias.version(keys, tenant).filter(|version| version.state.protects());
    let version = version.ok_or(OperationError::refused("key-not-active", "the key was taken out of use"))?;
    Ok((alias, version))
}

/// Whether the caller may use the random keys; they are KERNEL's.
fn admitted(operations: &Operations, keys: &Keys, caller: &Caller, denied: Fault) -> Result<(), OperationError> {
    let is_admitted = rules(operations)?.admit_user(keys, caller, &KeyName::identity_cache());
    if is_admitted { Ok(()) } else { Err(OperationError::Mosip(denied)) }
}

//! The random keys in memory, wrapped, each checked against its integrity code.

use std::collections::{HashMap, HashSet};

use km_crypto::random;
use km_domain::{KeyVersionRef, SecretBytes, TenantId};
use km_keystore::{KeyStore, StoredKey};
use km_storage::{MosipZkKeyRow, Storage};

use crate::{Keys, OperationError, Operations, keyring::is_intact, mosip::Fault};

/// All random keys.
#[derive(Default)]
pub struct ZkKeys(HashMap<TenantId, OfTenant>);

#[derive(Default)]
struct OfTenant {
    keys: HashMap<i32, ZkKey>,
    /// The numbers of those that seal.
    active: Vec<i32>,
    /// The numbers of all rows, those that are not believed too.
    taken: HashSet<i64>,
}

/// One of them.
pub(super) struct ZkKey {
    /// The key under which it is wrapped.
    pub under: KeyVersionRef,
    row: MosipZkKeyRow,
}

impl ZkKeys {
    pub(super) fn key(&self, tenant: &TenantId, number: i32) -> Option<&ZkKey> {
        self.0.get(tenant)?.keys.get(&number)
    }

    /// One of those that seal, by chance.
    pub(super) fn any(&self, tenant: &TenantId) -> Option<(i32, &ZkKey)> {
        let own = self.0.get(tenant)?;
        let count = u64::try_from(own.active.len()).ok().filter(|count| *count > 0)?;
        // 64 random bits: that some come up more often by one in 2^40 tells nobody anything.
        let at = usize::try_from(u64::from_be_bytes(random::bytes()) % count).ok()?;
        let number = *own.active.get(at)?;
        Some((number, own.keys.get(&number)?))
    }

    /// How many a tenant has.
    pub(in crate::mosip) fn count(&self, tenant: &TenantId) -> usize {
        self.0.get(tenant).map_or(0, |own| own.keys.len())
    }

    /// The lowest numbers that no row has.
    pub(super) fn free(&self, tenant: &TenantId, count: usize) -> Vec<i64> {
        let is_free = |number: &i64| self.0.get(tenant).is_none_or(|own| !own.taken.contains(number));
        (0..=i64::from(i32::MAX)).filter(is_free).take(count).collect()
    }
}

impl ZkKey {
    fn of(row: MosipZkKeyRow) -> Option<(i32, Self)> {
        let number = i32::try_from(row.number).ok().filter(|number| *number >= 0)?;
        let under = KeyVersionRef { key: row.key_id.parse().ok()?, version: u32::try_from(row.version).ok()? };
        Some((number, Self { under, row }))
    }

    /// The key itself, unwrapped in the token.
    ///
    /// Errors: the key above was taken out of use; the row is not what was wrapped.
    pub(super) fn open(
        &self,
        operations: &Operations,
        keys: &Keys,
        tenant: &TenantId,
    ) -> Result<SecretBytes, OperationError> {
        let missing = || OperationError::Unavailable("the key of a random key is missing or altered".into());
        let key = keys.key(tenant, self.under.key.as_str()).ok_or_else(missing)?;
        let version = key.versions.get(&self.under.version).ok_or_else(missing)?;
        if !version.state.processes() {
            return Err(OperationError::refused("key-not-active", "the key was taken out of use"));
        }
        match operations.keys.unwrap_data_key(&version.stored, &self.row.wrapped) {
            Err(km_keystore::KeyStoreError::Refused) => Err(OperationError::Mosip(Fault::ZkRandomKey)),
            opened => Ok(opened?),
        }
    }
}

/// Reads all rows. What does not match its integrity code is left out and named in `refused`. A row that is as it was `before` was
/// checked then: there may be ten thousand, and every change of any key reads them anew.
pub(in crate::mosip) fn read(
    storage: &Storage,
    store: &dyn KeyStore,
    integrity: &StoredKey,
    before: &ZkKeys,
    refused: &mut Vec<String>,
) -> Result<ZkKeys, OperationError> {
    let mut all = ZkKeys::default();
    for row in storage.mosip_zk_keys()? {
        let name = format!("{}/random key {}", row.tenant, row.number);
        let (Ok(tenant), is_active) = (row.tenant.parse::<TenantId>(), row.active == 1) else {
            refused.push(name);
            continue;
        };
        all.0.entry(tenant.clone()).or_default().taken.insert(row.number);
        let known = i32::try_from(row.number).ok().and_then(|number| before.key(&tenant, number));
        let is_known = known.is_some_and(|known| known.row == row);
        let is_intact = is_known || is_intact(store, integrity, &row.covered(), &row.integrity)?;
        match ZkKey::of(row) {
            Some((number, key)) if is_intact => {
                let own = all.0.entry(tenant).or_default();
                own.keys.insert(number, key);
                if is_active {
                    own.active.push(number);
                }
            }
            _ => refused.push(name),
        }
    }
    Ok(all)
}

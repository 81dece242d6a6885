//! Policies and aliases in memory, each checked against its integrity code. Replaced as a whole together with the keys.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use km_domain::{KeyId, KeyPurpose, TenantId};
use km_keystore::{KeyStore, StoredKey};
use km_storage::Storage;

use super::{
    Alias, KeyName, Policy,
    trust::{self, TrustStores},
    zk::{self, ZkKeys},
};
use crate::{Key, OperationError, keyring::is_intact};

/// All policies and aliases.
#[derive(Default)]
pub struct Dialect {
    policies: HashMap<(TenantId, String), Policy>,
    aliases: HashMap<(TenantId, KeyName), Vec<Arc<Alias>>>,
    thumbprints: HashMap<(TenantId, [u8; 32]), Vec<Arc<Alias>>>,
    /// Authorities and partners.
    pub(super) trust: TrustStores,
    /// Random keys.
    pub(super) zk: ZkKeys,
}

impl Dialect {
    pub fn policy(&self, tenant: &TenantId, application: &str) -> Option<&Policy> {
        self.policies.get(&(tenant.clone(), application.to_owned()))
    }

    /// Every policy of a tenant, by application.
    pub(super) fn policies(&self, tenant: &TenantId) -> Vec<Policy> {
        let own = self.policies.iter().filter(|((owner, _), _)| owner == tenant);
        let mut policies: Vec<Policy> = own.map(|(_, policy)| policy.clone()).collect();
        policies.sort_by(|one, other| one.application.cmp(&other.application));
        policies
    }

    /// All aliases of a name, oldest first.
    pub fn aliases(&self, tenant: &TenantId, name: &KeyName) -> &[Arc<Alias>] {
        self.aliases.get(&(tenant.clone(), name.clone())).map_or(&[], Vec::as_slice)
    }

    /// The aliases whose certificate has this SHA-256.
    pub fn with_thumbprint(&self, tenant: &TenantId, thumbprint: &[u8; 32]) -> &[Arc<Alias>] {
        self.thumbprints.get(&(tenant.clone(), *thumbprint)).map_or(&[], Vec::as_slice)
    }

    /// Every alias of a tenant.
    pub(super) fn all<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a Alias> {
        let owned = self.aliases.iter().filter(move |((owner, _), _)| owner == tenant);
        owned.flat_map(|(_, aliases)| aliases.iter().map(|alias| &**alias))
    }

    /// Every name of a tenant that has an alias, in order.
    pub fn names(&self, tenant: &TenantId) -> Vec<KeyName> {
        let mut names: Vec<KeyName> =
            self.aliases.keys().filter(|(owner, _)| owner == tenant).map(|(_, name)| name.clone()).collect();
        names.sort();
        names
    }

    /// Whether an alias of the tenant has this unique identifier.
    pub(super) fn knows(&self, tenant: &TenantId, unique_id: &str) -> bool {
        self.all(tenant).any(|alias| alias.row.unique_id.as_deref() == Some(unique_id))
    }

    fn insert(&mut self, tenant: TenantId, alias: Alias) {
        let alias = Arc::new(alias);
        if let Some(thumbprint) = alias.thumbprint {
            self.thumbprints.entry((tenant.clone(), thumbprint)).or_default().push(Arc::clone(&alias));
        }
        self.aliases.entry((tenant, alias.name.clone())).or_default().push(alias);
    }
}

/// Reads all rows. What does not match its integrity code is left out and named in `refused`; so is a key of the dialect that
/// no alias speaks for.
pub(crate) fn read(
    storage: &Storage,
    store: &dyn KeyStore,
    integrity: &StoredKey,
    keys: &HashMap<(TenantId, KeyId), Arc<Key>>,
    before: &Dialect,
    refused: &mut Vec<String>,
) -> Result<Dialect, OperationError> {
    let mut dialect = Dialect::default();
    for row in storage.mosip_policies()? {
        let name = format!("{}/policy {}", row.tenant, row.application);
        let is_intact = is_intact(store, integrity, &row.covered(), &row.integrity)?;
        match (row.tenant.parse(), Policy::of(row)) {
            (Ok(tenant), Some(policy)) if is_intact => {
                dialect.policies.insert((tenant, policy.application.clone()), policy);
            }
            _ => refused.push(name),
        }
    }
    let mut spoken_for: HashSet<(TenantId, KeyId, u32)> = HashSet::new();
    for row in storage.mosip_aliases()? {
        let name = format!("{}/alias {}", row.tenant, row.id);
        let is_intact = is_intact(store, integrity, &row.covered(), &row.integrity)?;
        let (Ok(tenant), Some(alias), true) = (row.tenant.parse::<TenantId>(), Alias::of(row), is_intact) else {
            refused.push(name);
            continue;
        };
        if let Some(key) = &alias.key {
            spoken_for.insert((tenant.clone(), key.key.clone(), key.version));
        }
        dialect.insert(tenant, alias);
    }
    for key in keys.values().filter(|key| {
        matches!(key.purpose, KeyPurpose::MosipMaster | KeyPurpose::MosipBase | KeyPurpose::MosipSymmetric)
    }) {
        let alone = |number: &&u32| !spoken_for.contains(&(key.tenant.clone(), key.id.clone(), **number));
        refused.extend(key.versions.keys().filter(alone).map(|number| format!("{}/{}.{number}", key.tenant, key.id)));
    }
    dialect.trust = trust::read(storage, store, integrity, refused)?;
    dialect.zk = zk::read(storage, store, integrity, &before.zk, refused)?;
    Ok(dialect)
}

#[cfg(test)]
pub(super) mod tests {
    use km_domain::Timestamp;
    use km_storage::{MosipAliasRow, MosipPolicyRow};

    use super::*;

    pub const TENANT: &str = "demo";

    /// A dialect with these policies (application, life, early days) and aliases without certificates.
    pub fn dialect_of(policies: &[(&str, i64, i64)], aliases: &[(&str, &str, Timestamp, Timestamp)]) -> Dialect {
        let tenant: TenantId = TENANT.parse().unwrap();
        let mut dialect = Dialect::default();
        for (application, valid_days, early_days) in policies {
            let row = MosipPolicyRow {
                tenant: TENANT.into(),
                application: (*application).into(),
                valid_days: *valid_days,
                early_days: *early_days,
                active: 1,
                access: "NA".into(),
                log_index: 0,
                integrity: Vec::new(),
            };
            dialect.policies.insert((tenant.clone(), (*application).into()), Policy::of(row).unwrap());
        }
        for (count, (application, reference, generated, expires)) in aliases.iter().enumerate() {
            let row = MosipAliasRow {
                tenant: TENANT.into(),
                id: count.to_string(),
                application: (*application).into(),
                reference: (*reference).into(),
                kind: "master".into(),
                key_id: "mosip-1".into(),
                version: 1,
                generated: generated.micros(),
                expires: expires.micros(),
                thumbprint: String::new(),
                unique_id: None,
                certificate: Vec::new(),
                log_index: 0,
                integrity: Vec::new(),
            };
            dialect.insert(tenant.clone(), Alias::of(row).unwrap());
        }
        dialect
    }
}

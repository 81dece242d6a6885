//! All keys in memory: versions, states, who may use them, and handles to where they live. Read on every request, so it
//! is one pointer swap to replace and no lock to read for long.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use km_crypto::{PublicKey, constant_time};
use km_domain::{
    FieldName, KeyAlgorithm, KeyId, KeyPurpose, KeyState, KeyVersionRef, RegisterName, Role, SYSTEM, TenantId,
    Timestamp, register::IndexKind,
};
use km_keystore::{KeyStore, Mac, Residence, StoredKey};
use km_storage::{KeyRow, Storage, SubjectRow, VersionRow};
use parking_lot::{Mutex, RwLock};

use crate::{
    OperationError,
    mosip::{self, Dialect},
};

/// The keys as they stand, shared and replaced as a whole.
pub struct Keyring {
    keys: RwLock<Arc<Keys>>,
    /// What a responder said of certificates of the MOSIP dialect's partners.
    pub(crate) statuses: mosip::Statuses,
    loading: Mutex<()>,
}

/// Most reads in one load.
const READS: usize = 5;

impl Default for Keyring {
    fn default() -> Self {
        Self {
            keys: RwLock::new(Arc::new(Keys::default())),
            statuses: mosip::Statuses::default(),
            loading: Mutex::new(()),
        }
    }
}

/// A snapshot of all keys at one state epoch.
#[derive(Default)]
pub struct Keys {
    pub epoch: u64,
    by_id: HashMap<(TenantId, KeyId), Arc<Key>>,
    /// Policies and aliases of the MOSIP dialect.
    pub mosip: Dialect,
    /// Rows whose integrity code is wrong: they are not used, and an alert names them.
    pub refused: Vec<String>,
}

/// One key, all its versions.
pub struct Key {
    pub tenant: TenantId,
    pub id: KeyId,
    pub purpose: KeyPurpose,
    pub algorithm: KeyAlgorithm,
    pub roles: BTreeSet<Role>,
    pub index: Option<IndexTarget>,
    pub created: Timestamp,
    pub versions: BTreeMap<u32, Version>,
    pub row: KeyRow,
}

/// What an index key indexes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexTarget {
    pub register: RegisterName,
    pub field: FieldName,
    pub kind: IndexKind,
}

/// One version of a key.
pub struct Version {
    pub number: u32,
    pub state: KeyState,
    pub stored: StoredKey,
    pub certificates: VersionCertificates,
    pub row: VersionRow,
    gcm: Arc<AtomicI64>,
}

/// DER certificates of a version's public key, leaf first.
pub type VersionCertificates = Vec<Vec<u8>>;

impl Version {
    pub fn public(&self) -> Option<&PublicKey> {
        self.stored.public.as_ref()
    }

    pub fn created(&self) -> Timestamp {
        Timestamp::from_micros(self.row.created)
    }

    pub fn activated(&self) -> Timestamp {
        Timestamp::from_micros(self.row.activated)
    }

    pub fn deactivated(&self) -> Option<Timestamp> {
        self.row.deactivated.map(Timestamp::from_micros)
    }

    /// Takes one AES-GCM call out of those reserved; false where none is left.
    pub fn take_gcm_call(&self) -> bool {
        self.gcm.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| (left > 0).then_some(left - 1)).is_ok()
    }

    pub fn add_gcm_calls(&self, calls: i64) {
        self.gcm.fetch_add(calls, Ordering::SeqCst);
    }
}

impl Key {
    /// The version that protects: the newest active one.
    pub fn current(&self) -> Result<&Version, OperationError> {
        self.versions
            .values()
            .rev()
            .find(|version| version.state.protects())
            .ok_or(OperationError::refused("key-not-active", "no version of the key is active"))
    }

    /// A version that may decrypt or verify.
    pub fn processing(&self, number: u32) -> Option<&Version> {
        self.versions.get(&number).filter(|version| version.state.processes())
    }

    /// The version under which a subject key is wrapped. Unavailable where it is not there any more.
    pub fn that_wraps(&self, row: &SubjectRow) -> Result<&Version, OperationError> {
        let version = u32::try_from(row.kek_version).ok().and_then(|version| self.processing(version));
        version.ok_or_else(|| OperationError::Unavailable("a key-encryption key version is missing".into()))
    }

    /// Versions whose terms may still be in a registry's index: active and deactivated ones.
    pub fn live(&self) -> impl Iterator<Item = &Version> {
        self.versions.values().filter(|version| version.state.processes())
    }
}

impl Keys {
    pub fn key(&self, tenant: &TenantId, id: &str) -> Option<&Arc<Key>> {
        self.by_id.get(&(tenant.clone(), id.parse().ok()?))
    }

    /// A key of the installation itself.
    pub fn system(&self, id: &str) -> Result<&Arc<Key>, OperationError> {
        self.key(&TenantId::system(), id)
            .ok_or_else(|| OperationError::Unavailable(format!("the key {id} is missing; run keymanager-svc init")))
    }

    /// A key that every tenant has.
    pub fn of_tenant(&self, tenant: &TenantId, id: &str) -> Result<&Arc<Key>, OperationError> {
        self.key(tenant, id)
            .ok_or_else(|| OperationError::Unavailable(format!("the key {id} is missing; run keymanager-svc init")))
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.by_id.values()
    }

    pub fn tenant_keys(&self, tenant: &TenantId) -> Vec<&Arc<Key>> {
        let mut keys: Vec<_> = self.by_id.values().filter(|key| key.tenant == *tenant).collect();
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        keys
    }

    pub fn index_keys<'a>(
        &'a self,
        tenant: &'a TenantId,
        register: &'a RegisterName,
    ) -> impl Iterator<Item = (&'a IndexTarget, &'a Arc<Key>)> {
        self.by_id.values().filter_map(move |key| {
            let target = key.index.as_ref()?;
            (key.tenant == *tenant && target.register == *register).then_some((target, key))
        })
    }
}

impl Keyring {
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read())
    }

    /// As [`Keyring::load`], unless the keys are those of the newest epoch already.
    pub fn follow(&self, storage: &Storage, store: &dyn KeyStore) -> Result<(), OperationError> {
        let _alone = self.loading.lock();
        if storage.head()?.epoch == self.keys().epoch { Ok(()) } else { self.replace(storage, store) }
    }

    /// Reads all rows, checks each against its integrity code in the token, and replaces the snapshot. GCM calls that were
    /// reserved but not used stay with their versions.
    pub fn load(&self, storage: &Storage, store: &dyn KeyStore) -> Result<(), OperationError> {
        // One at a time: else one that read earlier could replace what one that read later has found.
        let _alone = self.loading.lock();
        self.replace(storage, store)
    }

    fn replace(&self, storage: &Storage, store: &dyn KeyStore) -> Result<(), OperationError> {
        let mut reads = 0;
        loop {
            let epoch = storage.head()?.epoch;
            let fresh = read(storage, store, epoch, &self.keys())?;
            reads += 1;
            // A change in between may have been read in part, so it is read again. Where changes do not end, what was read
            // last will do: its epoch is an older one, so the next look at the epoch reads anew.
            if reads == READS || storage.head()?.epoch == epoch {
                *self.keys.write() = Arc::new(fresh);
                return Ok(());
            }
        }
    }
}

fn read(storage: &Storage, store: &dyn KeyStore, epoch: u64, before: &Keys) -> Result<Keys, OperationError> {
    let key_rows = storage.keys()?;
    let mut version_rows: HashMap<(String, String), Vec<VersionRow>> = HashMap::new();
    for row in storage.key_versions()? {
        version_rows.entry((row.tenant.clone(), row.key_id.clone())).or_default().push(row);
    }
    let mut keys = Keys { epoch, ..Keys::default() };
    let integrity = key_rows
        .iter()
        .find(|row| row.tenant == SYSTEM && row.purpose == KeyPurpose::RowIntegrity.name())
        .and_then(|row| version_rows.get(&(row.tenant.clone(), row.id.clone())))
        .and_then(|versions| versions.first())
        .and_then(stored_key);
    let Some(integrity) = integrity else { return Ok(keys) };
    for row in key_rows {
        let versions = version_rows.remove(&(row.tenant.clone(), row.id.clone())).unwrap_or_default();
        let name = format!("{}/{}", row.tenant, row.id);
        match checked_key(row, versions, store, &integrity, before)? {
            Some(key) => {
                keys.by_id.insert((key.tenant.clone(), key.id.clone()), Arc::new(key));
            }
            None => keys.refused.push(name),
        }
    }
    // A version row without its key row: somebody took the key away.
    keys.refused.extend(version_rows.into_keys().map(|(tenant, id)| format!("{tenant}/{id}")));
    keys.mosip = mosip::read(storage, store, &integrity, &keys.by_id, &before.mosip, &mut keys.refused)?;
    Ok(keys)
}

/// A key from its rows; `None` where a row's integrity code is wrong or a column makes no sense.
fn checked_key(
    row: KeyRow,
    versions: Vec<VersionRow>,
    store: &dyn KeyStore,
    integrity: &StoredKey,
    before: &Keys,
) -> Result<Option<Key>, OperationError> {
    if !is_intact(store, integrity, &row.covered(), &row.integrity)? {
        return Ok(None);
    }
    for version in &versions {
        if !is_intact(store, integrity, &version.covered(), &version.integrity)? {
            return Ok(None);
        }
    }
    Ok(assemble(row, versions, before))
}

pub(crate) fn is_intact(
    store: &dyn Mac,
    integrity: &StoredKey,
    covered: &[u8],
    code: &[u8],
) -> Result<bool, OperationError> {
    Ok(constant_time::equal(&store.mac(integrity, covered)?, code))
}

fn assemble(row: KeyRow, versions: Vec<VersionRow>, before: &Keys) -> Option<Key> {
    let tenant: TenantId = row.tenant.parse().ok()?;
    let id: KeyId = row.id.parse().ok()?;
    let index = match row.register.as_str() {
        "" => None,
        register => Some(IndexTarget {
            register: register.parse().ok()?,
            field: row.field.parse().ok()?,
            kind: (row.index_kind == IndexKind::Exact.name()).then_some(IndexKind::Exact)?,
        }),
    };
    let roles: Vec<String> = serde_json::from_str(&row.roles).ok()?;
    let known = before.by_id.get(&(tenant.clone(), id.clone()));
    let versions = versions
        .into_iter()
        .map(|version| {
            let number = u32::try_from(version.version).ok()?;
            let gcm = known
                .and_then(|key| key.versions.get(&number))
                .map_or_else(|| Arc::new(AtomicI64::new(0)), |version| Arc::clone(&version.gcm));
            Some((
                number,
                Version {
                    number,
                    state: KeyState::from_name(&version.state)?,
                    stored: stored_key(&version)?,
                    certificates: split_certificates(&version.certificates)?,
                    row: version,
                    gcm,
                },
            ))
        })
        .collect::<Option<BTreeMap<_, _>>>()?;
    Some(Key {
        purpose: KeyPurpose::from_name(&row.purpose)?,
        algorithm: KeyAlgorithm::from_name(&row.algorithm)?,
        roles: roles.iter().map(|name| Role::from_name(name)).collect::<Option<_>>()?,
        created: Timestamp::from_micros(row.created),
        tenant,
        id,
        index,
        versions,
        row,
    })
}

/// The handle of a version from its row. The `mechanism` column holds how the key is wrapped and, after a colon, the
/// algorithm of its material.
pub(crate) fn stored_key(row: &VersionRow) -> Option<StoredKey> {
    let (mechanism, algorithm) = row.mechanism.rsplit_once(':')?;
    let residence = match row.residence.as_str() {
        "resident" => Residence::Resident { object: row.object.clone() },
        "wrapped" => {
            Residence::Wrapped { root: row.object.clone(), mechanism: mechanism.to_owned(), blob: row.blob.clone() }
        }
        _ => return None,
    };
    let public = match row.public_key.as_slice() {
        [] => None,
        der => Some(PublicKey::from_spki_der(der).ok()?),
    };
    Some(StoredKey {
        name: KeyVersionRef { key: row.key_id.parse().ok()?, version: u32::try_from(row.version).ok()? },
        algorithm: KeyAlgorithm::from_name(algorithm)?,
        residence,
        public,
    })
}

/// DER certificates stand one after the other, each after its length in four bytes.
pub(crate) fn join_certificates(certificates: &[Vec<u8>]) -> Vec<u8> {
    certificates
        .iter()
        .flat_map(|der| u32::try_from(der.len()).unwrap_or(0).to_be_bytes().into_iter().chain(der.iter().copied()))
        .collect()
}

fn split_certificates(mut bytes: &[u8]) -> Option<VersionCertificates> {
    let mut certificates = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        certificates.push(rest.get(..length)?.to_vec());
        bytes = rest.get(length..)?;
    }
    bytes.is_empty().then_some(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_survive_their_column() {
        let chain = vec![vec![1, 2, 3], vec![4]];
        assert_eq!(split_certificates(&join_certificates(&chain)), Some(chain));
        assert_eq!(split_certificates(&[]), Some(vec![]));
        assert_eq!(split_certificates(&[0, 0, 0, 9, 1]), None);
    }
}

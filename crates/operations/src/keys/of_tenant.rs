//! The keys that every tenant has: KEK, ingest, answer, and one index key for each index of each register definition.

use std::collections::BTreeSet;

use km_domain::{KeyAlgorithm, KeyId, KeyPurpose, TenantId, register::IndexRule};
use km_storage::{KeyRow, VersionRow};

use super::{create::rows, names};
use crate::{IndexTarget, Keys, OperationError, Operations};

/// A key that a tenant must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub id: KeyId,
    purpose: KeyPurpose,
    algorithm: KeyAlgorithm,
    index: Option<IndexTarget>,
}

impl Wanted {
    fn new(id: &str, purpose: KeyPurpose, algorithm: KeyAlgorithm) -> Result<Self, OperationError> {
        let id = id.parse().map_err(|_| OperationError::invalid("id", "must be a key id"))?;
        Ok(Self { id, purpose, algorithm, index: None })
    }

    /// Generates the key in the token; its rows, with their integrity codes.
    pub fn make(
        &self,
        operations: &Operations,
        keys: &Keys,
        tenant: &TenantId,
    ) -> Result<(KeyRow, VersionRow), OperationError> {
        let nobody = BTreeSet::new();
        rows(operations, keys, tenant, &self.id, self.purpose, self.algorithm, &nobody, self.index.as_ref())
    }
}

/// The keys that this tenant lacks, in the order in which they are made.
///
/// Errors: the rows of one were altered; making it anew would cover that up.
pub(crate) fn missing(operations: &Operations, keys: &Keys, tenant: &TenantId) -> Result<Vec<Wanted>, OperationError> {
    let mut wanted = vec![
        Wanted::new(names::KEK, KeyPurpose::KeyEncryption, KeyAlgorithm::Aes256)?,
        Wanted::new(names::INGEST, KeyPurpose::Ingest, KeyAlgorithm::P256)?,
        Wanted::new(names::INGEST_RSA, KeyPurpose::Ingest, KeyAlgorithm::Rsa2048)?,
        Wanted::new(names::ANSWER, KeyPurpose::Answer, KeyAlgorithm::P256)?,
    ];
    for (id, target) in index_targets(operations) {
        let key = Wanted::new(&id, KeyPurpose::Index, KeyAlgorithm::HmacSha256)?;
        wanted.push(Wanted { index: Some(target), ..key });
    }
    wanted.retain(|key| keys.key(tenant, key.id.as_str()).is_none());
    match wanted.iter().map(|key| format!("{tenant}/{}", key.id)).find(|name| keys.refused.contains(name)) {
        Some(name) => Err(altered(&name)),
        None => Ok(wanted),
    }
}

pub(crate) fn altered(name: &str) -> OperationError {
    OperationError::Unavailable(format!("the rows of {name} were altered; restore them from a backup"))
}

fn index_targets(operations: &Operations) -> Vec<(String, IndexTarget)> {
    let mut targets: Vec<_> = operations
        .rules
        .registers
        .values()
        .flat_map(|definition| {
            definition.personal().flat_map(|(field, personal)| {
                personal.indexes.iter().map(|IndexRule { kind, .. }| {
                    let target =
                        IndexTarget { register: definition.register.clone(), field: field.clone(), kind: *kind };
                    (index_key_id(&target), target)
                })
            })
        })
        .collect();
    targets.sort_by(|a, b| a.0.cmp(&b.0));
    targets
}

/// `index_REGISTER_FIELD_KIND`, shortened with a digest where it would be longer than an id may be.
fn index_key_id(target: &IndexTarget) -> String {
    let id = format!("index_{}_{}_{}", target.register, target.field, target.kind.name());
    if id.len() <= 64 {
        return id;
    }
    let digest = km_crypto::digest::sha256(id.as_bytes());
    let short: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("index_{short}")
}

//! One version of a key: generated in the token, certified where its purpose wants it, laid out as a row.

use std::time::Duration;

use km_ca::{Issuer, Profile, RootKind, profile};
use km_crypto::random;
use km_domain::{KeyAlgorithm, KeyPurpose, KeyState, KeyVersionRef, Timestamp};
use km_keystore::{Placement, Residence, StoredKey};
use km_storage::{KeyRow, VersionRow};
use km_x509::Certificate;

use super::names;
use crate::{Keys, OperationError, Operations, keyring::join_certificates};

/// A root's certificate lives as long as profiles allow; its key is replaced by a new root long before.
const ROOT_LIFETIME: Duration = Duration::from_secs(15 * 365 * 24 * 60 * 60);

/// Generates version `number` of the key that `row` describes, active from now.
pub(crate) fn make_version(
    operations: &Operations,
    keys: &Keys,
    row: &KeyRow,
    purpose: KeyPurpose,
    algorithm: KeyAlgorithm,
    number: u32,
) -> Result<VersionRow, OperationError> {
    let now = operations.clock.now();
    let name = KeyVersionRef {
        key: row.id.parse().map_err(|_| OperationError::invalid("id", "must be a key id"))?,
        version: number,
    };
    let placement = placement(keys, row, purpose, &name)?;
    let made = operations.keys.generate(algorithm, &placement)?;
    let stored = StoredKey { name, algorithm, residence: made.residence, public: made.public };
    let certificates = certify(operations, keys, purpose, &stored, now)?;
    let mut version = version_row_of(&row.tenant, &stored, now);
    version.certificates = join_certificates(&certificates);
    Ok(version)
}

/// The row of a version that is active from now, without its integrity code.
pub(crate) fn version_row(tenant: &km_domain::TenantId, key: &StoredKey, now: Timestamp) -> VersionRow {
    version_row_of(tenant.as_str(), key, now)
}

fn version_row_of(tenant: &str, key: &StoredKey, now: Timestamp) -> VersionRow {
    let (residence, object, mechanism, blob) = match &key.residence {
        Residence::Resident { object } => ("resident", object.clone(), "", Vec::new()),
        Residence::Wrapped { root, mechanism, blob } => ("wrapped", root.clone(), mechanism.as_str(), blob.clone()),
    };
    VersionRow {
        tenant: tenant.to_owned(),
        key_id: key.name.key.to_string(),
        version: i64::from(key.name.version),
        state: KeyState::Active.name().to_owned(),
        residence: residence.to_owned(),
        object,
        mechanism: format!("{mechanism}:{}", key.algorithm),
        blob,
        public_key: key.public.as_ref().map(|public| public.to_spki_der()).unwrap_or_default(),
        certificates: Vec::new(),
        created: now.micros(),
        activated: now.micros(),
        deactivated: None,
        born_at: -1,
        log_index: -1,
        integrity: Vec::new(),
    }
}

/// Roots live in the token; key-encryption keys under the data root; everything else under the key root.
fn placement(
    keys: &Keys,
    row: &KeyRow,
    purpose: KeyPurpose,
    name: &KeyVersionRef,
) -> Result<Placement, OperationError> {
    let root = |id: &str| match &keys.system(id)?.current()?.stored.residence {
        Residence::Resident { object } => Ok(object.clone()),
        Residence::Wrapped { .. } => Err(OperationError::Unavailable(format!("the key {id} is not in the token"))),
    };
    Ok(match purpose {
        KeyPurpose::DataRoot | KeyPurpose::KeyRoot => Placement::Root,
        KeyPurpose::ServiceRoot | KeyPurpose::EvidenceRoot | KeyPurpose::BusinessRoot | KeyPurpose::RowIntegrity => {
            Placement::Resident { label: format!("sealkeep/{}/{name}", row.tenant) }
        }
        KeyPurpose::KeyEncryption => Placement::Wrapped { root: root(names::DATA_ROOT)?, wraps: true },
        KeyPurpose::EvidenceSigner
        | KeyPurpose::Checkpoint
        | KeyPurpose::Index
        | KeyPurpose::Ingest
        | KeyPurpose::Answer
        | KeyPurpose::Encrypt
        | KeyPurpose::Sign
        | KeyPurpose::Decrypt
        | KeyPurpose::Mac
        | KeyPurpose::Transport
        | KeyPurpose::MosipMaster
        | KeyPurpose::MosipBase
        | KeyPurpose::MosipSymmetric => Placement::Wrapped { root: root(names::KEY_ROOT)?, wraps: false },
    })
}

/// The chain of a new public key, leaf first; empty for keys that no certificate names.
fn certify(
    operations: &Operations,
    keys: &Keys,
    purpose: KeyPurpose,
    key: &StoredKey,
    now: Timestamp,
) -> Result<Vec<Vec<u8>>, OperationError> {
    if let Some(kind) = RootKind::of_purpose(purpose) {
        let signer = (&*operations.keys as &dyn km_keystore::Sign, key);
        let installation = &operations.rules.installation;
        let root = km_ca::self_signed_root(kind, installation, signer, random::bytes(), now, ROOT_LIFETIME)?;
        return Ok(vec![root.der]);
    }
    let (profile, lifetime) = match purpose {
        KeyPurpose::EvidenceSigner => (profile::evidence_signer(&key.name), profile::EVIDENCE_LIFETIME),
        KeyPurpose::Checkpoint => (profile::checkpoint_signer(&key.name), profile::EVIDENCE_LIFETIME),
        KeyPurpose::Ingest | KeyPurpose::Transport => {
            (profile::ingest(&key.name, key.algorithm), profile::BUSINESS_LIFETIME)
        }
        KeyPurpose::Answer | KeyPurpose::Sign if key.algorithm != KeyAlgorithm::Ed25519 => {
            (profile::answer(&key.name), profile::BUSINESS_LIFETIME)
        }
        _ => return Ok(Vec::new()),
    };
    let Some(public) = &key.public else { return Ok(Vec::new()) };
    issue_under_root(operations, keys, &profile, public, lifetime)
}

/// Issues under the root that the profile names; returns leaf and root.
pub(crate) fn issue_under_root(
    operations: &Operations,
    keys: &Keys,
    profile: &Profile,
    public: &km_crypto::PublicKey,
    lifetime: Duration,
) -> Result<Vec<Vec<u8>>, OperationError> {
    let id = match profile.issuer() {
        RootKind::Service => names::SERVICE_ROOT,
        RootKind::Evidence => names::EVIDENCE_ROOT,
        RootKind::Business => names::BUSINESS_ROOT,
    };
    let root = keys.system(id)?.current()?;
    let der =
        root.certificates.first().ok_or_else(|| OperationError::Unavailable(format!("{id} has no certificate")))?;
    let certificate = Certificate::from_der(der)
        .map_err(|_| OperationError::Unavailable(format!("{id}'s certificate is damaged")))?;
    let issuer = Issuer::new(profile.issuer(), &certificate, &*operations.keys, &root.stored)?;
    let leaf = km_ca::issue(&issuer, profile, public, random::bytes(), operations.clock.now(), lifetime)?;
    Ok(vec![leaf.der, der.clone()])
}

/// The integrity code of a row: an HMAC in the token over everything in it.
pub(crate) fn seal_row(operations: &Operations, keys: &Keys, covered: &[u8]) -> Result<Vec<u8>, OperationError> {
    let integrity = keys.system(names::ROW_INTEGRITY)?.current()?;
    Ok(operations.keys.mac(&integrity.stored, covered)?.to_vec())
}

//! The contract of a key store, as a suite that any token runs (`hsm/tests/contract.rs`).

mod agreeing;
mod concurrency;
mod data_keys;
mod importing;
mod life;
mod opening;
mod signing;

use std::sync::atomic::{AtomicU32, Ordering};

use km_domain::{KeyAlgorithm, KeyVersionRef};

use crate::{Generated, KeyStore, KeyStoreError, Placement, Residence, StoredKey};

/// Runs every promise of the traits against a store; the error names the first promise that it broke. What the store
/// itself says that it lacks (`StoreDescription::lacks`) must be answered with `Unsupported`.
pub fn contract(store: &dyn KeyStore) -> Result<(), String> {
    let ground = Ground::prepare(store)?;
    let result = life::described(&ground)
        .and_then(|()| signing::all(&ground))
        .and_then(|()| opening::all(&ground))
        .and_then(|()| agreeing::all(&ground))
        .and_then(|()| data_keys::all(&ground))
        .and_then(|()| importing::all(&ground))
        .and_then(|()| life::destroyed_keys_are_gone(&ground))
        .and_then(|()| concurrency::all(&ground));
    ground.clear();
    result
}

/// A store with two roots, and the keys made so far.
struct Ground<'a> {
    store: &'a dyn KeyStore,
    root: StoredKey,
    names: AtomicU32,
}

impl<'a> Ground<'a> {
    fn prepare(store: &'a dyn KeyStore) -> Result<Self, String> {
        let names = AtomicU32::new(1);
        let made = store.generate(KeyAlgorithm::Aes256, &Placement::Root).map_err(said("a root is made"))?;
        let root = stored(1, KeyAlgorithm::Aes256, made)?;
        Ok(Self { store, root, names })
    }

    fn root_id(&self) -> Result<Vec<u8>, String> {
        match &self.root.residence {
            Residence::Resident { object } => Ok(object.clone()),
            Residence::Wrapped { .. } => Err("a root is resident".into()),
        }
    }

    fn wrapped(&self, algorithm: KeyAlgorithm) -> Result<StoredKey, String> {
        self.make(algorithm, &Placement::Wrapped { root: self.root_id()?, wraps: false })
    }

    fn kek(&self) -> Result<StoredKey, String> {
        self.make(KeyAlgorithm::Aes256, &Placement::Wrapped { root: self.root_id()?, wraps: true })
    }

    fn resident(&self, algorithm: KeyAlgorithm) -> Result<StoredKey, String> {
        self.make(algorithm, &Placement::Resident { label: "contract".into() })
    }

    fn make(&self, algorithm: KeyAlgorithm, placement: &Placement) -> Result<StoredKey, String> {
        let number = self.names.fetch_add(1, Ordering::Relaxed) + 1;
        let made = self.store.generate(algorithm, placement).map_err(said(&format!("a key {algorithm} is made")))?;
        stored(number, algorithm, made)
    }

    /// Whether the store says that it does not make keys of this kind; then it must not, wherever they are to live.
    fn lacks_kind(&self, algorithm: KeyAlgorithm, capability: &str) -> Result<bool, String> {
        if !self.lacks(capability) {
            return Ok(false);
        }
        let wrapped = Placement::Wrapped { root: self.root_id()?, wraps: false };
        for placement in [wrapped, Placement::Resident { label: "contract".into() }] {
            lacking(self.store.generate(algorithm, &placement), capability, &format!("a key {algorithm}"))?;
        }
        Ok(true)
    }

    fn lacks(&self, capability: &str) -> bool {
        self.store.describe().lacks.iter().any(|name| name == capability)
    }

    fn clear(&self) {
        // A root that cannot be destroyed stays in a token that is thrown away.
        let _ = self.store.destroy(&self.root);
    }
}

fn stored(number: u32, algorithm: KeyAlgorithm, made: Generated) -> Result<StoredKey, String> {
    let name = KeyVersionRef::parse(&format!("contract.{number}")).ok_or("a key's name")?;
    promise(
        made.public.is_some() != algorithm.is_symmetric(),
        "a key pair comes with its public key, a secret without",
    )?;
    Ok(StoredKey { name, algorithm, residence: made.residence, public: made.public })
}

fn promise(kept: bool, text: &str) -> Result<(), String> {
    if kept { Ok(()) } else { Err(text.to_owned()) }
}

fn said(text: &str) -> impl Fn(KeyStoreError) -> String {
    let text = text.to_owned();
    move |error| format!("{text}: {error}")
}

/// The call must be refused as bad input, not as anything else, and not with an answer.
fn refused<T>(result: Result<T, KeyStoreError>, text: &str) -> Result<(), String> {
    match result {
        Err(KeyStoreError::Refused) => Ok(()),
        Err(other) => Err(format!("{text} is refused, but the store said: {other}")),
        Ok(_) => Err(format!("{text} is refused, but the store answered")),
    }
}

/// What the store says that it lacks must be answered with that name, and not with whatever came of trying.
fn lacking<T>(result: Result<T, KeyStoreError>, capability: &str, text: &str) -> Result<(), String> {
    match result {
        Err(KeyStoreError::Unsupported(name)) if name == capability => Ok(()),
        Err(other) => Err(format!("{text} is answered with the name {capability}, but the store said: {other}")),
        Ok(_) => Err(format!("{text} needs {capability}, which the store says it lacks, but it answered")),
    }
}

fn flipped(bytes: &[u8], position: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(byte) = bytes.get_mut(position) {
        *byte ^= 1;
    }
    bytes
}

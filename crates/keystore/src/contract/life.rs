//! What a store says of itself, randomness, and keys that are no more.

use km_domain::{KeyAlgorithm, SignatureAlgorithm};

use super::{Ground, promise, said};
use crate::{KeyStoreError, Residence, StoredKey};

pub(super) fn described(ground: &Ground<'_>) -> Result<(), String> {
    ground.store.probe().map_err(said("a store that was opened can be used"))?;
    let description = ground.store.describe();
    promise(!description.label.is_empty() && !description.serial.is_empty(), "a store has a label and a serial")?;
    promise(!description.can.is_empty(), "a store says what it can do")?;
    promise(description.can.iter().all(|name| !description.lacks.contains(name)), "nothing is both there and lacking")?;

    for length in [1, 32, 1024] {
        let random = |_| ground.store.random(length).map_err(said("a store gives random bytes"));
        let (one, other) = (random(1)?, random(2)?);
        promise(one.len() == length && other.len() == length, "as many random bytes as were asked for")?;
        promise(length < 32 || one.expose() != other.expose(), "random bytes differ")?;
    }

    let wrapped = matches!(ground.wrapped(KeyAlgorithm::P256)?.residence, Residence::Wrapped { .. });
    promise(wrapped != ground.lacks("wrap-private-keys"), "a private key is wrapped exactly if the store can do it")
}

pub(super) fn destroyed_keys_are_gone(ground: &Ground<'_>) -> Result<(), String> {
    let store = ground.store;
    let key = ground.resident(KeyAlgorithm::P256)?;
    store.sign(&key, SignatureAlgorithm::Es256, b"").map_err(said("a resident key signs"))?;
    store.destroy(&key).map_err(said("a resident key is destroyed"))?;
    let signature = store.sign(&key, SignatureAlgorithm::Es256, b"");
    promise(signature == Err(KeyStoreError::NotFound), "a destroyed key is not found")?;
    promise(store.destroy(&key) == Err(KeyStoreError::NotFound), "a destroyed key cannot be destroyed again")?;

    // A root is destroyed: everything under it is lost, also what was used a moment ago.
    let root = ground.make(KeyAlgorithm::Aes256, &crate::Placement::Root)?;
    let Residence::Resident { object } = &root.residence else { return Err("a root is resident".into()) };
    let placement = crate::Placement::Wrapped { root: object.clone(), wraps: false };
    let under: StoredKey = ground.make(KeyAlgorithm::HmacSha256, &placement)?;
    store.mac(&under, b"").map_err(said("a key under a second root is used"))?;
    store.destroy(&root).map_err(said("a root is destroyed"))?;
    store.destroy(&under).map_err(said("a wrapped key is forgotten"))?;
    promise(store.mac(&under, b"") == Err(KeyStoreError::NotFound), "a key under a destroyed root is not found")
}

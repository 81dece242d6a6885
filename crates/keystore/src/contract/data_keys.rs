//! Data keys: made, unwrapped, moved, and nothing else accepted in their place.

use km_domain::{KeyAlgorithm, SecretBytes};

use super::{Ground, flipped, promise, refused, said};
use crate::{Residence, StoredKey};

pub(super) fn all(ground: &Ground<'_>) -> Result<(), String> {
    let (store, kek, other) = (ground.store, ground.kek()?, ground.kek()?);
    let made = store.new_data_key(&kek).map_err(said("a data key is made"))?;
    let second = store.new_data_key(&kek).map_err(said("a second data key is made"))?;
    promise(made.plain.len() == 32 && made.wrapped.len() == 40, "a data key has 32 bytes, wrapped 40 (RFC 3394)")?;
    promise(made.plain.expose() != second.plain.expose(), "two data keys differ")?;
    let unwrapped = |kek, wrapped: &[u8]| store.unwrap_data_key(kek, wrapped).map_err(said("a data key is unwrapped"));
    promise(unwrapped(&kek, &made.wrapped)?.expose() == made.plain.expose(), "a data key is unwrapped to what it was")?;

    let moved = store.rewrap_data_key(&kek, &other, &made.wrapped).map_err(said("a data key is rewrapped"))?;
    promise(moved != made.wrapped, "a rewrapped data key looks different")?;
    promise(unwrapped(&other, &moved)?.expose() == made.plain.expose(), "a rewrapped data key is the same key")?;
    refused(store.unwrap_data_key(&kek, &moved), "a data key under its old key-encryption key")?;
    refused(store.rewrap_data_key(&other, &kek, &made.wrapped), "rewrapping from the wrong key-encryption key")?;

    from_elsewhere(ground, &kek)?;
    for position in 0..made.wrapped.len() {
        refused(store.unwrap_data_key(&kek, &flipped(&made.wrapped, position)), "an altered data key")?;
    }
    refused(store.rewrap_data_key(&kek, &other, &flipped(&made.wrapped, 20)), "rewrapping an altered data key")?;
    for length in [0, 8, 24, 32, 39] {
        refused(store.unwrap_data_key(&kek, &made.wrapped[..length]), "a shortened data key")?;
    }
    refused(store.unwrap_data_key(&kek, &[&made.wrapped[..], &[0; 8]].concat()), "a lengthened data key")?;
    promise(unwrapped(&kek, &made.wrapped)?.expose() == made.plain.expose(), "a data key is unwrapped after refusals")?;
    altered_keys(ground, &kek)
}

/// A data key that comes from elsewhere is wrapped as one that was made here, and nothing of another length is.
fn from_elsewhere(ground: &Ground<'_>, kek: &StoredKey) -> Result<(), String> {
    let store = ground.store;
    let bytes = |length| SecretBytes::new((0..length).collect());
    let wrapped = store.wrap_data_key(kek, &bytes(32)).map_err(said("a data key from elsewhere is wrapped"))?;
    promise(wrapped.len() == 40, "a data key from elsewhere is 40 bytes, wrapped (RFC 3394)")?;
    let back = store.unwrap_data_key(kek, &wrapped).map_err(said("a data key from elsewhere is unwrapped"))?;
    promise(back.expose() == bytes(32).expose(), "a data key from elsewhere is unwrapped to what it was")?;
    let other = ground.kek()?;
    refused(store.unwrap_data_key(&other, &wrapped), "a data key from elsewhere under another key-encryption key")?;
    for length in [0, 16, 24, 31, 33, 40] {
        refused(store.wrap_data_key(kek, &bytes(length)), "a data key from elsewhere of another length")?;
    }
    Ok(())
}

type Change = &'static dyn Fn(&[u8]) -> Vec<u8>;

/// A wrapped key whose blob was altered is refused when it is used.
fn altered_keys(ground: &Ground<'_>, kek: &StoredKey) -> Result<(), String> {
    let altered = |key: &StoredKey, change: Change| match &key.residence {
        Residence::Wrapped { root, mechanism, blob } => Some(StoredKey {
            residence: Residence::Wrapped { root: root.clone(), mechanism: mechanism.clone(), blob: change(blob) },
            ..key.clone()
        }),
        Residence::Resident { .. } => None,
    };
    let changes: [Change; 3] =
        [&|blob| flipped(blob, 3), &|blob| flipped(blob, blob.len() - 1), &|blob| blob[..blob.len() - 8].to_vec()];
    let signing = ground.wrapped(KeyAlgorithm::P256)?;
    for change in changes {
        if let Some(key) = altered(kek, change) {
            refused(ground.store.new_data_key(&key), "a key-encryption key with an altered blob")?;
        }
        if let Some(key) = altered(&signing, change) {
            let signature = ground.store.sign(&key, km_domain::SignatureAlgorithm::Es256, b"a message");
            refused(signature, "a signing key with an altered blob")?;
        }
    }
    Ok(())
}

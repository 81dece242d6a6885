//! Key agreement against keys in software.

use km_crypto::PublicKey;
use km_crypto::agreement::EphemeralKey;
use km_domain::KeyAlgorithm;

use super::{Ground, lacking, promise, said};
use crate::{KeyStoreError, StoredKey};

pub(super) fn all(ground: &Ground<'_>) -> Result<(), String> {
    if ground.lacks("ecdh-p256") {
        let peer = EphemeralKey::generate().map_err(|_| "a software key is made")?;
        let answer = ground.store.agree(&ground.wrapped(KeyAlgorithm::P256)?, peer.public());
        return lacking(answer, "ecdh-p256", "an agreement");
    }
    let (wrapped, resident) = (ground.wrapped(KeyAlgorithm::P256)?, ground.resident(KeyAlgorithm::P256)?);
    for key in [&wrapped, &resident] {
        agrees(ground, key)?;
    }
    ground.store.destroy(&resident).map_err(said("a resident key is destroyed"))?;
    if ground.lacks("ecdsa-p384") {
        return Ok(());
    }
    let signing = ground.wrapped(KeyAlgorithm::P384)?;
    let unsupported = matches!(ground.store.agree(&signing, &[4; 97]), Err(KeyStoreError::Unsupported(_)));
    promise(unsupported, "agreement with another kind of key is unsupported")
}

fn agrees(ground: &Ground<'_>, key: &StoredKey) -> Result<(), String> {
    let Some(PublicKey::P256(point)) = &key.public else { return Err("a P-256 key has its point".into()) };
    for _ in 0..20 {
        let ephemeral = EphemeralKey::generate().map_err(|_| "a software key is made")?;
        let theirs = ground.store.agree(key, ephemeral.public()).map_err(said("a key agrees"))?;
        let ours = ephemeral.agree(point).map_err(|_| "the software key agrees")?;
        promise(ours.expose() == theirs.expose() && ours.len() == 32, "both sides agree on 32 bytes")?;
    }
    promise(ground.store.agree(key, &[]).is_err(), "no point, no agreement")?;
    let ephemeral = EphemeralKey::generate().map_err(|_| "a software key is made")?;
    ground.store.agree(key, ephemeral.public()).map(|_| ()).map_err(said("a key agrees after a refusal"))
}

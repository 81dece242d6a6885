//! Signatures of every algorithm, by wrapped and by resident keys, and message authentication codes.

use km_domain::{KeyAlgorithm, SignatureAlgorithm};

use super::{Ground, flipped, promise, said};
use crate::{KeyStoreError, StoredKey};

pub(super) fn all(ground: &Ground<'_>) -> Result<(), String> {
    for algorithm in KeyAlgorithm::ALL.into_iter().filter(|algorithm| !algorithm.signatures().is_empty()) {
        signs(ground, &ground.wrapped(algorithm)?)?;
    }
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Ed25519] {
        let key = ground.resident(algorithm)?;
        signs(ground, &key)?;
        ground.store.destroy(&key).map_err(said("a resident key is destroyed"))?;
    }
    authenticates(ground)
}

fn signs(ground: &Ground<'_>, key: &StoredKey) -> Result<(), String> {
    let public = key.public.as_ref().ok_or("a signing key has a public key")?;
    for &algorithm in key.algorithm.signatures() {
        let long = vec![7; 100_000];
        for message in [&b""[..], b"a message", &long] {
            let text = format!("{algorithm} signs {} bytes", message.len());
            let signature = ground.store.sign(key, algorithm, message).map_err(said(&text))?;
            promise(public.verify(algorithm, message, &signature).is_ok(), &format!("{text}, and it verifies"))?;
            let other = public.verify(algorithm, b"another message", &signature);
            promise(other.is_err(), &format!("{algorithm}: another message does not verify"))?;
            let altered = public.verify(algorithm, message, &flipped(&signature, 10));
            promise(altered.is_err(), &format!("{algorithm}: an altered signature does not verify"))?;
        }
    }
    for algorithm in [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa] {
        if !key.algorithm.signatures().contains(&algorithm) {
            let unsupported = matches!(ground.store.sign(key, algorithm, b""), Err(KeyStoreError::Unsupported(_)));
            promise(unsupported, &format!("{algorithm} with a key {} is unsupported", key.algorithm))?;
        }
    }
    Ok(())
}

fn authenticates(ground: &Ground<'_>) -> Result<(), String> {
    let (key, other) = (ground.wrapped(KeyAlgorithm::HmacSha256)?, ground.wrapped(KeyAlgorithm::HmacSha256)?);
    let mac = |key, message| ground.store.mac(key, message).map_err(said("a key makes a code"));
    let code = mac(&key, b"a message")?;
    promise(mac(&key, b"a message")? == code, "a code is the same every time")?;
    promise(mac(&key, b"b message")? != code, "another message has another code")?;
    promise(mac(&other, b"a message")? != code, "another key makes another code")?;
    mac(&key, b"").map(|_| ())
}

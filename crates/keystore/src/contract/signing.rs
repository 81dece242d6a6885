//! Signatures of every algorithm, by wrapped and by resident keys, and message authentication codes.

use km_domain::{KeyAlgorithm, SignatureAlgorithm};

use super::{Ground, flipped, lacking, promise, said};
use crate::{KeyStoreError, StoredKey};

pub(super) fn all(ground: &Ground<'_>) -> Result<(), String> {
    for algorithm in KeyAlgorithm::ALL.into_iter().filter(|algorithm| !algorithm.signatures().is_empty()) {
        if !ground.lacks_kind(algorithm, making(algorithm))? {
            signs(ground, &ground.wrapped(algorithm)?)?;
        }
    }
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Ed25519] {
        if ground.lacks(making(algorithm)) {
            continue;
        }
        let key = ground.resident(algorithm)?;
        signs(ground, &key)?;
        ground.store.destroy(&key).map_err(said("a resident key is destroyed"))?;
    }
    authenticates(ground)
}

/// The capability that a key of this kind takes.
fn making(algorithm: KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::Rsa2048 => "rsa-2048",
        KeyAlgorithm::Rsa3072 => "rsa-3072",
        KeyAlgorithm::Rsa4096 => "rsa-4096",
        KeyAlgorithm::P256 => "ecdsa-p256",
        KeyAlgorithm::P384 => "ecdsa-p384",
        KeyAlgorithm::Secp256k1 => "ecdsa-secp256k1",
        KeyAlgorithm::Ed25519 => "ed25519",
        KeyAlgorithm::Aes256 | KeyAlgorithm::HmacSha256 => "no signatures",
    }
}

/// The capability that a signature takes.
fn signing(algorithm: SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::Rs256 => "rsa-pkcs1-sha256",
        SignatureAlgorithm::Ps256 => "rsa-pss-sha256",
        SignatureAlgorithm::Es256 => "ecdsa-p256",
        SignatureAlgorithm::Es384 => "ecdsa-p384",
        SignatureAlgorithm::Es256K => "ecdsa-secp256k1",
        SignatureAlgorithm::EdDsa => "ed25519",
    }
}

fn signs(ground: &Ground<'_>, key: &StoredKey) -> Result<(), String> {
    let public = key.public.as_ref().ok_or("a signing key has a public key")?;
    for &algorithm in key.algorithm.signatures() {
        if ground.lacks(signing(algorithm)) {
            let answer = ground.store.sign(key, algorithm, b"a message");
            lacking(answer, signing(algorithm), &format!("a signature {algorithm}"))?;
            continue;
        }
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

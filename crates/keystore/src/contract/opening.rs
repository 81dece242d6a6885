//! AES-GCM in the store, and OAEP.

use km_crypto::oaep;
use km_domain::KeyAlgorithm;

use super::{Ground, flipped, lacking, promise, refused, said};
use crate::StoredKey;

pub(super) fn all(ground: &Ground<'_>) -> Result<(), String> {
    if !ground.lacks_kind(KeyAlgorithm::Aes256, "aes-gcm")? {
        let key = ground.wrapped(KeyAlgorithm::Aes256)?;
        ciphers(ground, &key, &ground.wrapped(KeyAlgorithm::Aes256)?)?;
        let resident = ground.resident(KeyAlgorithm::Aes256)?;
        ciphers(ground, &resident, &key)?;
        ground.store.destroy(&resident).map_err(said("a resident key is destroyed"))?;
    }
    if ground.lacks("rsa-2048") {
        return Ok(());
    }
    if ground.lacks("rsa-oaep-sha256") {
        let answer = ground.store.decrypt_oaep_sha256(&ground.wrapped(KeyAlgorithm::Rsa2048)?, &[1; 256]);
        return lacking(answer, "rsa-oaep-sha256", "an OAEP block");
    }
    opens_oaep(ground)
}

fn ciphers(ground: &Ground<'_>, key: &StoredKey, other: &StoredKey) -> Result<(), String> {
    let (store, iv, aad) = (ground.store, [9; 12], b"context".as_slice());
    for plaintext in [&b""[..], b"a message", &[5; 4096]] {
        let sealed = store.encrypt(key, &iv, aad, plaintext).map_err(said("a key encrypts"))?;
        promise(sealed.len() == plaintext.len() + 16, "a ciphertext is the message and a tag of 16 bytes")?;
        let opened = store.decrypt(key, &iv, aad, &sealed).map_err(said("a key decrypts"))?;
        promise(opened.expose() == plaintext, "what was encrypted is decrypted")?;
        for position in [0, sealed.len() - 1] {
            refused(store.decrypt(key, &iv, aad, &flipped(&sealed, position)), "an altered ciphertext")?;
        }
        refused(store.decrypt(key, &iv, b"other", &sealed), "another context")?;
        refused(store.decrypt(key, &[8; 12], aad, &sealed), "another IV")?;
        refused(store.decrypt(other, &iv, aad, &sealed), "another key's ciphertext")?;
        refused(store.decrypt(key, &iv, aad, &sealed[..sealed.len() - 1]), "a shortened ciphertext")?;
    }
    refused(store.decrypt(key, &iv, aad, &[0; 15]), "a ciphertext shorter than its tag")?;
    // After refusals the store is as before.
    store.encrypt(key, &iv, aad, b"a message").map(|_| ()).map_err(said("a key encrypts after refusals"))
}

fn opens_oaep(ground: &Ground<'_>) -> Result<(), String> {
    let (key, other) = (ground.wrapped(KeyAlgorithm::Rsa2048)?, ground.wrapped(KeyAlgorithm::Rsa2048)?);
    let public = key.public.as_ref().ok_or("an RSA key has a public key")?;
    // RSA-2048 takes 256 - 2 * 32 - 2 = 190 bytes at most (RFC 8017, section 7.1.1).
    for plaintext in [&b""[..], b"a content key", &[3; 190]] {
        let sealed = oaep::encrypt_sha256(public, plaintext).map_err(|_| "OAEP encrypts to a public key")?;
        let opened = ground.store.decrypt_oaep_sha256(&key, &sealed).map_err(said("a key opens OAEP"))?;
        promise(opened.expose() == plaintext, "OAEP opens to what was sealed")?;
        refused(ground.store.decrypt_oaep_sha256(&other, &sealed), "OAEP for another key")?;
        refused(ground.store.decrypt_oaep_sha256(&key, &flipped(&sealed, 255)), "an altered OAEP block")?;
        refused(ground.store.decrypt_oaep_sha256(&key, &sealed[..255]), "a shortened OAEP block")?;
    }
    refused(ground.store.decrypt_oaep_sha256(&key, &[0xff; 256]), "a block greater than the modulus")?;
    refused(ground.store.decrypt_oaep_sha256(&key, &[]), "an empty block")?;
    let again = oaep::encrypt_sha256(public, b"again").map_err(|_| "OAEP encrypts to a public key")?;
    let opened = ground.store.decrypt_oaep_sha256(&key, &again).map_err(said("a key opens OAEP after refusals"))?;
    promise(opened.expose() == b"again", "OAEP opens after refusals")
}

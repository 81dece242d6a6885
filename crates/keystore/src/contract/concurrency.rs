//! Eight threads at once, each doing a little of everything, with keys that they share.

use km_crypto::agreement::EphemeralKey;
use km_domain::{KeyAlgorithm, SignatureAlgorithm};

use super::{Ground, promise, said};
use crate::StoredKey;

const THREADS: usize = 8;
const ROUNDS: usize = 200;

struct Keys {
    /// None where the store lacks the capability; likewise below.
    cipher: Option<StoredKey>,
    kek: StoredKey,
    mac: StoredKey,
    signing: StoredKey,
    agreement: Option<StoredKey>,
}

pub(super) fn all(ground: &Ground<'_>) -> Result<(), String> {
    let unless = |lacks: bool, algorithm| if lacks { Ok(None) } else { ground.wrapped(algorithm).map(Some) };
    let keys = Keys {
        cipher: unless(ground.lacks("aes-gcm"), KeyAlgorithm::Aes256)?,
        kek: ground.kek()?,
        mac: ground.wrapped(KeyAlgorithm::HmacSha256)?,
        signing: ground.wrapped(KeyAlgorithm::P256)?,
        agreement: unless(ground.lacks("ecdh-p256"), KeyAlgorithm::P256)?,
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| rounds(ground, &keys))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a thread ends well".into())))
    })
}

fn rounds(ground: &Ground<'_>, keys: &Keys) -> Result<(), String> {
    let store = ground.store;
    let code = store.mac(&keys.mac, b"a message").map_err(said("at once: a code"))?;
    for round in 0..ROUNDS {
        match round % 6 {
            0 => {
                let Some(key) = &keys.cipher else { continue };
                let sealed = store.encrypt(key, &[1; 12], b"", b"a message").map_err(said("at once: encrypt"))?;
                let opened = store.decrypt(key, &[1; 12], b"", &sealed).map_err(said("at once: decrypt"))?;
                promise(opened.expose() == b"a message", "at once: what was encrypted is decrypted")?;
            }
            1 => {
                let made = store.new_data_key(&keys.kek).map_err(said("at once: a data key"))?;
                let back = store.unwrap_data_key(&keys.kek, &made.wrapped).map_err(said("at once: unwrap"))?;
                promise(back.expose() == made.plain.expose(), "at once: a data key is unwrapped to what it was")?;
            }
            2 => {
                let again = store.mac(&keys.mac, b"a message").map_err(said("at once: a code"))?;
                promise(again == code, "at once: a code is the same every time")?;
            }
            3 => {
                let algorithm = SignatureAlgorithm::Es256;
                let signature = store.sign(&keys.signing, algorithm, b"a message").map_err(said("at once: sign"))?;
                let public = keys.signing.public.as_ref().ok_or("a signing key has a public key")?;
                promise(public.verify(algorithm, b"a message", &signature).is_ok(), "at once: a signature verifies")?;
            }
            4 => {
                let Some(key) = &keys.agreement else { continue };
                let ephemeral = EphemeralKey::generate().map_err(|_| "a software key is made")?;
                let secret = store.agree(key, ephemeral.public()).map_err(said("at once: agree"))?;
                promise(secret.len() == 32, "at once: a shared secret of 32 bytes")?;
            }
            _ => {
                let key = ground.wrapped(KeyAlgorithm::HmacSha256)?;
                store.mac(&key, b"a message").map_err(said("at once: a new key is used"))?;
                store.destroy(&key).map_err(said("at once: a new key is forgotten"))?;
            }
        }
    }
    Ok(())
}

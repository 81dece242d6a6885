//! Keys made elsewhere, taken in.

use km_crypto::{oaep, rsa_private, transport, transport::Sealed};
use km_domain::{KeyAlgorithm, SignatureAlgorithm};

use super::{Ground, flipped, promise, refused, said, stored};
use crate::{Generated, Residence, StoredKey};

/// An RSA key of 2048 bits in PKCS#8, made with `openssl genpkey` for this test and used nowhere else.
const RSA: &[u8] = include_bytes!("rsa-2048.pk8");
/// A P-256 key, made likewise.
const P256: &[u8] = include_bytes!("p-256.pk8");

pub(super) fn all(ground: &Ground<'_>) -> Result<(), String> {
    if ground.lacks("rsa-2048") || ground.lacks("wrap-private-keys") {
        return Ok(());
    }
    let recipient = ground.wrapped(KeyAlgorithm::Rsa2048)?;
    let rsa = taken(ground, &recipient, KeyAlgorithm::Rsa2048, RSA)?;
    signs(ground, &rsa, SignatureAlgorithm::Rs256)?;
    if !ground.lacks("rsa-oaep-sha256") {
        let public = rsa.public.as_ref().ok_or("it has a public half")?;
        let block = oaep::encrypt_sha256(public, b"old data").map_err(|_| "OAEP encrypts to a public key")?;
        let opened = ground.store.decrypt_oaep_sha256(&rsa, &block).map_err(said("an imported key opens"))?;
        promise(opened.expose() == b"old data", "an imported key opens what was sealed before")?;
    }
    signs(ground, &taken(ground, &recipient, KeyAlgorithm::P256, P256)?, SignatureAlgorithm::Es256)?;
    aes(ground, &recipient)?;
    refuses(ground, &recipient)
}

fn taken(
    ground: &Ground<'_>,
    recipient: &StoredKey,
    algorithm: KeyAlgorithm,
    pkcs8: &[u8],
) -> Result<StoredKey, String> {
    let residence = import(ground, recipient, algorithm, &seal(ground, recipient, pkcs8)?)?;
    promise(matches!(residence, Residence::Wrapped { .. }), "an imported key is wrapped under the root")?;
    let public = rsa_private::public_of_pkcs8(pkcs8).map_err(|_| "the test's key is read")?;
    stored(900, algorithm, Generated { residence, public: Some(public) })
}

fn seal(ground: &Ground<'_>, recipient: &StoredKey, material: &[u8]) -> Result<Sealed, String> {
    let form = ground.store.transport_form().map_err(said("a store says how keys travel"))?;
    let public = recipient.public.as_ref().ok_or("an RSA key has a public key")?;
    transport::seal(public, form, material).map_err(|_| "a key is sealed".to_owned())
}

fn import(
    ground: &Ground<'_>,
    recipient: &StoredKey,
    algorithm: KeyAlgorithm,
    sealed: &Sealed,
) -> Result<Residence, String> {
    let taken = ground.store.import(algorithm, recipient, sealed, &ground.root_id()?);
    taken.map_err(said(&format!("a key {algorithm} is taken in")))
}

fn signs(ground: &Ground<'_>, key: &StoredKey, algorithm: SignatureAlgorithm) -> Result<(), String> {
    let signature = ground.store.sign(key, algorithm, b"message").map_err(said("an imported key signs"))?;
    let public = key.public.as_ref().ok_or("it has a public half")?;
    public.verify(algorithm, b"message", &signature).map_err(|_| "an imported key signs as itself".to_owned())
}

fn aes(ground: &Ground<'_>, recipient: &StoredKey) -> Result<(), String> {
    if ground.lacks("aes-gcm") {
        return Ok(());
    }
    let residence = import(ground, recipient, KeyAlgorithm::Aes256, &seal(ground, recipient, &[7; 32])?)?;
    let key = stored(901, KeyAlgorithm::Aes256, Generated { residence, public: None })?;
    let sealed = ground.store.encrypt(&key, &[9; 12], b"", b"message").map_err(said("an imported key encrypts"))?;
    let opened = km_crypto::aead::open(&[7; 32], &[9; 12], b"", &sealed);
    promise(opened.is_ok_and(|opened| opened.expose() == b"message"), "it is the key that was sealed")
}

fn refuses(ground: &Ground<'_>, recipient: &StoredKey) -> Result<(), String> {
    let good = seal(ground, recipient, RSA)?;
    let other = ground.wrapped(KeyAlgorithm::Rsa2048)?;
    let root = ground.root_id()?;
    let attempt = |to: &StoredKey, sealed: &Sealed| ground.store.import(KeyAlgorithm::Rsa2048, to, sealed, &root);
    refused(attempt(&other, &good), "a key sealed to another")?;
    refused(attempt(recipient, &Sealed { carrier: flipped(&good.carrier, 9), ..good.clone() }), "an altered carrier")?;
    refused(attempt(recipient, &Sealed { key: flipped(&good.key, 40), ..good.clone() }), "an altered key")?;
    refused(attempt(recipient, &Sealed { carrier: Vec::new(), ..good.clone() }), "no carrier")?;
    let nonsense = seal(ground, recipient, b"no key at all, but well sealed")?;
    refused(attempt(recipient, &nonsense), "what is no key")?;
    attempt(recipient, &good).map(drop).map_err(said("a key is taken in after refusals"))
}

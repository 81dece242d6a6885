//! What a token can do, asked of it when it is opened: by its list of mechanisms, and by trial where lists lie.

use std::sync::atomic::{AtomicU32, Ordering};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, Result};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use km_crypto::transport::{Form, Padding, Sealing};
use km_domain::KeyAlgorithm;
use km_keystore::KeyStoreError;

use crate::capability::Capability;
use crate::errors::unavailable;
use crate::handles::Use;
use crate::raw::{RawModule, RootTemplate};
use crate::templates::{Lodging, Recipe, data_key, recipe, unwrapped};
use crate::wrapping::{Passing, Wrapping};

pub(crate) struct Capabilities {
    /// One bit for each capability that is there.
    there: AtomicU32,
    /// Whether roots force what they unwrap to be sensitive.
    pub(crate) unwrap_template: bool,
    /// How P-256, P-384 and RSA private keys are wrapped; none: they are token objects.
    private_wrapping: Option<Wrapping>,
    ed25519_wrapping: Option<Wrapping>,
    /// RSA without padding works.
    raw_rsa: bool,
}

impl Capabilities {
    /// Asks. Trials use session objects only, which are destroyed.
    ///
    /// Errors: `Unavailable` if the token does not say which mechanisms it has.
    pub(crate) fn ask(
        pkcs11: &Pkcs11,
        slot: Slot,
        session: &Session,
        raw: &RawModule,
    ) -> std::result::Result<Self, KeyStoreError> {
        let mechanisms = pkcs11.get_mechanism_list(slot).map_err(unavailable)?;
        let has = |wanted: &[MechanismType]| wanted.iter().all(|mechanism| mechanisms.contains(mechanism));
        let rsa = pkcs11.get_mechanism_info(slot, MechanismType::RSA_PKCS_KEY_PAIR_GEN).ok();
        let makes_rsa = |bits| {
            rsa.is_some_and(|info| {
                info.min_key_size() <= bits && (info.max_key_size() >= bits || info.max_key_size() == 0)
            })
        };

        let unwrap_template = trial_root(session, raw, true).is_ok_and(|root| honours_template(session, root.handle));
        let root = trial_root(session, raw, unwrap_template).ok();
        let tried = |algorithm| trial(session, root.as_ref().map(|root| root.handle), algorithm).ok();
        let [p256, p384, secp256k1, ed25519] =
            [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Secp256k1, KeyAlgorithm::Ed25519].map(tried);
        let native = encrypts_rsa(session, &oaep_sha256(), b"trial").is_ok();
        // Less than any modulus that has its top bit set.
        let raw_rsa = encrypts_rsa(session, &Mechanism::RsaX509, &[1; 256]).is_ok();

        let there = AtomicU32::new(0);
        for (capability, is_there) in [
            (Capability::AesGcm, has(&[MechanismType::AES_GCM, MechanismType::AES_KEY_GEN])),
            (Capability::AesKeyWrap, has(&[MechanismType::AES_KEY_WRAP]) && root.is_some()),
            (Capability::HmacSha256, has(&[MechanismType::SHA256_HMAC, MechanismType::GENERIC_SECRET_KEY_GEN])),
            (Capability::Rsa2048, makes_rsa(2048)),
            (Capability::Rsa3072, makes_rsa(3072)),
            (Capability::Rsa4096, makes_rsa(4096)),
            (Capability::RsaPkcs1Sha256, rsa.is_some() && has(&[MechanismType::SHA256_RSA_PKCS])),
            (Capability::RsaPssSha256, rsa.is_some() && has(&[MechanismType::SHA256_RSA_PKCS_PSS])),
            (Capability::RsaOaepSha256, rsa.is_some() && (native || raw_rsa)),
            (Capability::RsaOaepSha256Native, rsa.is_some() && native),
            (Capability::EcdsaP256, p256.is_some()),
            (Capability::EcdsaP384, p384.is_some()),
            (Capability::EcdhP256, p256.is_some() && has(&[MechanismType::ECDH1_DERIVE])),
            (Capability::EcdsaSecp256k1, secp256k1.is_some()),
            (Capability::Ed25519, ed25519.is_some()),
            (Capability::UnwrapTemplate, unwrap_template),
            (Capability::WrapPrivateKeys, p256.flatten().is_some()),
            (Capability::Ed25519Wrap, ed25519.flatten().is_some()),
        ] {
            there.fetch_or(if is_there { capability.bit() } else { 0 }, Ordering::Relaxed);
        }
        Ok(Self {
            there,
            unwrap_template,
            private_wrapping: p256.flatten(),
            ed25519_wrapping: ed25519.flatten(),
            raw_rsa,
        })
    }

    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.bits() & capability.bit() != 0
    }

    /// Whether everything that `before` could is still there.
    pub(crate) fn include(&self, before: u32) -> bool {
        before & !self.bits() == 0
    }

    pub(crate) fn bits(&self) -> u32 {
        self.there.load(Ordering::Relaxed)
    }

    /// Errors: `Unsupported`, naming the capability.
    pub(crate) fn require(&self, capability: Capability) -> std::result::Result<(), KeyStoreError> {
        if self.has(capability) { Ok(()) } else { Err(KeyStoreError::Unsupported(capability.name().to_owned())) }
    }

    /// The token refused the first real ciphertext, whatever its trial said.
    pub(crate) fn without_oaep_sha256(&self) {
        let padded = if self.raw_rsa { 0 } else { Capability::RsaOaepSha256.bit() };
        self.there.fetch_and(!(Capability::RsaOaepSha256Native.bit() | padded), Ordering::Relaxed);
    }

    /// How a key of this kind is wrapped under a root; none: it has to be a token object.
    pub(crate) fn wrapping(&self, algorithm: KeyAlgorithm) -> Option<Wrapping> {
        match algorithm {
            KeyAlgorithm::Aes256 | KeyAlgorithm::HmacSha256 => {
                self.has(Capability::AesKeyWrap).then_some(Wrapping::KeyWrap)
            }
            KeyAlgorithm::Ed25519 => self.ed25519_wrapping,
            _ => self.private_wrapping,
        }
    }

    /// How a key has to be sealed that is unwrapped in the token.
    pub(crate) fn transport_form(&self) -> Form {
        let native = self.has(Capability::RsaOaepSha256Native);
        Form {
            padding: if native { Padding::OaepSha256 } else { Padding::OaepSha1 },
            sealing: match self.private_wrapping {
                Some(Wrapping::Gcm) => Sealing::Gcm,
                Some(Wrapping::KeyWrapPad | Wrapping::KeyWrap) | None => Sealing::KeyWrapPad,
            },
        }
    }

    /// What the token can and what it lacks, by name.
    pub(crate) fn by_name(&self) -> (Vec<String>, Vec<String>) {
        let names = |wanted: bool| {
            let chosen = Capability::ALL.iter().filter(move |(one, _)| self.has(*one) == wanted);
            chosen.map(|(_, name)| (*name).to_owned()).collect()
        };
        (names(true), names(false))
    }
}

/// As [`oaep_sha256`], with SHA-1 in both places.
pub(crate) fn oaep_sha1() -> Mechanism<'static> {
    let source = PkcsOaepSource::empty();
    Mechanism::RsaPkcsOaep(PkcsOaepParams::new(MechanismType::SHA1, PkcsMgfType::MGF1_SHA1, source))
}

pub(crate) fn oaep_sha256() -> Mechanism<'static> {
    let source = PkcsOaepSource::empty();
    Mechanism::RsaPkcsOaep(PkcsOaepParams::new(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, source))
}

fn trial_root<'a>(session: &'a Session, raw: &RawModule, unwrap_template: bool) -> Result<Passing<'a>> {
    let root = RootTemplate { token: false, id: b"trial", label: "trial", unwrap_template };
    Ok(Passing::new(session, raw.generate_root(session, &root)?))
}

/// A key unwrapped under this root with SENSITIVE=false must be refused, or come out sensitive all the same.
fn honours_template(session: &Session, root: ObjectHandle) -> bool {
    let attempt = || -> Result<bool> {
        let template = [data_key(true), vec![Attribute::ValueLen(32.into())]].concat();
        let kept = |attribute: &Attribute| !matches!(attribute, Attribute::Class(_) | Attribute::KeyType(_));
        let template: Vec<_> = template.into_iter().filter(kept).collect();
        let key = Passing::new(session, session.generate_key(&Mechanism::AesKeyGen, &template)?);
        let blob = Wrapping::KeyWrap.wrap(session, root, key.handle)?;
        match Wrapping::KeyWrap.unwrap(session, root, &blob, &data_key(true)) {
            Err(_) => {
                // It must be the open template that was refused, not the blob.
                let template = unwrapped(KeyAlgorithm::Aes256, Use::Wrap);
                Wrapping::KeyWrap.unwrap(session, root, &blob, &template).map(|key| Passing::new(session, key))?;
                Ok(true)
            }
            Ok(open) => is_sensitive(session, Passing::new(session, open).handle),
        }
    };
    attempt().unwrap_or(false)
}

fn is_sensitive(session: &Session, object: ObjectHandle) -> Result<bool> {
    let attributes = session.get_attributes(object, &[AttributeType::Sensitive, AttributeType::Extractable])?;
    Ok(attributes.contains(&Attribute::Sensitive(true)) && attributes.contains(&Attribute::Extractable(false)))
}

/// Makes a key pair and signs with it; tells how its private key can be wrapped, if it can.
fn trial(session: &Session, root: Option<ObjectHandle>, algorithm: KeyAlgorithm) -> Result<Option<Wrapping>> {
    let Recipe::Pair { mechanism, public, private } = recipe(algorithm, false, &Lodging::Passing) else {
        return Err(Error::NotSupported);
    };
    let (public, private) = session.generate_key_pair(&mechanism, &public, &private)?;
    let public = Passing::new(session, public);
    let private = Passing::new(session, private);
    // A key whose public half cannot be read, or with which nothing can be signed, is of no use.
    crate::public::read(session, public.handle, algorithm)?;
    signs(session, private.handle, algorithm)?;
    let Some(root) = root else { return Ok(None) };
    let ways = [Wrapping::KeyWrapPad, Wrapping::Gcm];
    Ok(ways.into_iter().find(|way| comes_back(session, root, *way, private.handle, algorithm).is_ok()))
}

/// Whether a private key comes back from its wrapped form and still signs.
fn comes_back(
    session: &Session,
    root: ObjectHandle,
    way: Wrapping,
    private: ObjectHandle,
    algorithm: KeyAlgorithm,
) -> Result<()> {
    let blob = way.wrap(session, root, private)?;
    let back = way.unwrap(session, root, &blob, &unwrapped(algorithm, Use::Sign))?;
    signs(session, Passing::new(session, back).handle, algorithm)
}

fn signs(session: &Session, key: ObjectHandle, algorithm: KeyAlgorithm) -> Result<()> {
    crate::sign::in_token(session, key, crate::sign::first_signature(algorithm), b"trial").map(|_| ())
}

/// Encrypts to a public key of random digits: it takes a public key to learn whether mechanism and parameters are accepted,
/// and nobody needs to be able to decrypt.
fn encrypts_rsa(session: &Session, mechanism: &Mechanism<'_>, text: &[u8]) -> Result<()> {
    let mut modulus: [u8; 256] = km_crypto::random::bytes();
    modulus[0] |= 0x80;
    modulus[255] |= 1;
    let key = session.create_object(&[
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Token(false),
        Attribute::Private(false),
        Attribute::Encrypt(true),
        Attribute::Modulus(modulus.to_vec()),
        Attribute::PublicExponent(vec![1, 0, 1]),
    ])?;
    let key = Passing::new(session, key);
    session.encrypt(mechanism, key.handle, text).map(|_| ())
}

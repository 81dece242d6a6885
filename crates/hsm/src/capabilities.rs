//! What a token can do, asked of it when it is opened: by its list of mechanisms, and by trial where lists lie.

use std::sync::atomic::{AtomicBool, Ordering};

use cryptoki::error::Result;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use km_domain::KeyAlgorithm;

use crate::handles::Use;
use crate::raw::{RawModule, RootTemplate};
use crate::templates::{Lodging, Recipe, data_key, recipe, unwrapped};
use crate::wrapping::{Passing, Wrapping};

pub(crate) struct Capabilities {
    mechanisms: Vec<MechanismType>,
    /// Whether roots force what they unwrap to be sensitive.
    pub(crate) unwrap_template: bool,
    /// How P-256, P-384 and RSA private keys are wrapped; none: they are token objects.
    pub(crate) private_wrapping: Option<Wrapping>,
    pub(crate) ed25519_wrapping: Option<Wrapping>,
    /// The token unpads OAEP with SHA-256 itself. Unset if it refuses the first ciphertext, whatever its trial said.
    oaep_sha256: AtomicBool,
}

impl Capabilities {
    /// Asks. Trials use session objects only, which are destroyed.
    pub(crate) fn ask(session: &Session, raw: &RawModule, mechanisms: Vec<MechanismType>) -> Self {
        let unwrap_template = trial_root(session, raw, true).is_ok_and(|root| honours_template(session, root.handle));
        let root = trial_root(session, raw, unwrap_template);
        let wrapping_of = |algorithm| {
            let root = root.as_ref().ok()?.handle;
            let ways = [Wrapping::KeyWrapPad, Wrapping::Gcm];
            ways.into_iter().find(|way| wraps(session, root, *way, algorithm).unwrap_or(false))
        };
        let private_wrapping = wrapping_of(KeyAlgorithm::P256);
        let ed25519_wrapping = wrapping_of(KeyAlgorithm::Ed25519);
        let oaep_sha256 = AtomicBool::new(encrypts_oaep_sha256(session).is_ok());
        Self { mechanisms, unwrap_template, private_wrapping, ed25519_wrapping, oaep_sha256 }
    }

    pub(crate) fn oaep_sha256(&self) -> bool {
        self.oaep_sha256.load(Ordering::Relaxed)
    }

    pub(crate) fn without_oaep_sha256(&self) {
        self.oaep_sha256.store(false, Ordering::Relaxed);
    }

    /// How a key of this kind is wrapped under a root; none: it has to be a token object.
    pub(crate) fn wrapping(&self, algorithm: KeyAlgorithm) -> Option<Wrapping> {
        match algorithm {
            KeyAlgorithm::Aes256 | KeyAlgorithm::HmacSha256 => {
                self.has(MechanismType::AES_KEY_WRAP).then_some(Wrapping::KeyWrap)
            }
            KeyAlgorithm::Ed25519 => self.ed25519_wrapping,
            _ => self.private_wrapping,
        }
    }

    /// What the token can and what it lacks, by name.
    pub(crate) fn by_name(&self) -> (Vec<String>, Vec<String>) {
        let rsa_oaep = self.oaep_sha256() || self.has(MechanismType::RSA_X_509);
        let all = [
            ("aes-gcm", self.has(MechanismType::AES_GCM)),
            ("aes-key-wrap", self.has(MechanismType::AES_KEY_WRAP)),
            ("hmac-sha256", self.has(MechanismType::SHA256_HMAC)),
            ("rsa-pkcs1-sha256", self.has(MechanismType::SHA256_RSA_PKCS)),
            ("rsa-pss-sha256", self.has(MechanismType::SHA256_RSA_PKCS_PSS)),
            ("rsa-oaep-sha256", rsa_oaep),
            ("rsa-oaep-sha256-native", self.oaep_sha256()),
            ("ecdsa", self.has(MechanismType::ECDSA)),
            ("hashed-ecdsa", self.has(MechanismType::ECDSA_SHA256)),
            ("ecdh-p256", self.has(MechanismType::ECDH1_DERIVE)),
            ("ed25519", self.has(MechanismType::EDDSA)),
            ("unwrap-template", self.unwrap_template),
            ("wrap-private-keys", self.private_wrapping.is_some()),
            ("ed25519-wrap", self.ed25519_wrapping.is_some()),
        ];
        let names =
            |wanted: bool| all.iter().filter(move |(_, has)| *has == wanted).map(|(name, _)| (*name).to_owned());
        (names(true).collect(), names(false).collect())
    }

    fn has(&self, mechanism: MechanismType) -> bool {
        self.mechanisms.contains(&mechanism)
    }
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

/// Whether a private key comes back from its wrapped form and still signs.
fn wraps(session: &Session, root: ObjectHandle, way: Wrapping, algorithm: KeyAlgorithm) -> Result<bool> {
    let Recipe::Pair { mechanism, public, private } = recipe(algorithm, false, &Lodging::Passing) else {
        return Ok(false);
    };
    let (public, private) = session.generate_key_pair(&mechanism, &public, &private)?;
    let _public = Passing::new(session, public);
    let private = Passing::new(session, private);
    let blob = way.wrap(session, root, private.handle)?;
    let back = way.unwrap(session, root, &blob, &unwrapped(algorithm, Use::Sign))?;
    let back = Passing::new(session, back);
    let signs = crate::sign::in_token(session, back.handle, crate::sign::first_signature(algorithm), b"trial");
    Ok(signs.is_ok())
}

/// Encrypts to a public key of random digits: it takes a public key to learn whether the parameters are accepted, and
/// nobody needs to be able to decrypt.
fn encrypts_oaep_sha256(session: &Session) -> Result<()> {
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
    session.encrypt(&oaep_sha256(), key.handle, b"trial").map(|_| ())
}

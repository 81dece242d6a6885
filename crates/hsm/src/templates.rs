//! Attributes that keys are made and unwrapped with. Every use is named, allowed or not, because tokens differ in what
//! they allow when nothing is said.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass};
use km_domain::KeyAlgorithm;

use crate::handles::Use;

/// DER of the curve's object identifier (RFC 5480, section 2.1.1.1).
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
const SECP256K1: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a];
/// DER of id-Ed25519 (RFC 8410, section 3).
const ED25519: [u8; 5] = [0x06, 0x03, 0x2b, 0x65, 0x70];

/// Where a new key's object lives.
pub(crate) enum Lodging<'a> {
    /// A token object that is never extracted.
    Token { id: &'a [u8], label: &'a str },
    /// A session object that is extracted once, wrapped.
    Passing,
}

/// How a key is generated.
pub(crate) enum Recipe {
    Secret(Mechanism<'static>, Vec<Attribute>),
    Pair { mechanism: Mechanism<'static>, public: Vec<Attribute>, private: Vec<Attribute> },
}

/// `wraps`: an AES key that wraps data keys; otherwise one that encrypts.
pub(crate) fn recipe(algorithm: KeyAlgorithm, wraps: bool, lodging: &Lodging<'_>) -> Recipe {
    let mut template = lodged(lodging);
    let uses: &[Use] = match algorithm {
        KeyAlgorithm::Aes256 if wraps => &[Use::Wrap],
        KeyAlgorithm::Aes256 => &[Use::Cipher],
        KeyAlgorithm::HmacSha256 => &[Use::Mac],
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => &[Use::Sign, Use::Decrypt],
        KeyAlgorithm::P256 => &[Use::Sign, Use::Agree],
        KeyAlgorithm::P384 | KeyAlgorithm::Secp256k1 | KeyAlgorithm::Ed25519 => &[Use::Sign],
    };
    if algorithm.is_symmetric() {
        template.push(Attribute::ValueLen(32.into()));
        template.extend(secret_uses(uses));
    } else {
        template.extend(private_uses(uses));
    }
    let bits = |bits: u64| {
        vec![Attribute::ModulusBits(bits.into()), Attribute::PublicExponent(vec![1, 0, 1]), Attribute::Verify(true)]
    };
    let curve = |curve: &[u8]| vec![Attribute::EcParams(curve.to_vec()), Attribute::Verify(true)];
    let (mechanism, mut public) = match algorithm {
        KeyAlgorithm::Aes256 => return Recipe::Secret(Mechanism::AesKeyGen, template),
        KeyAlgorithm::HmacSha256 => return Recipe::Secret(Mechanism::GenericSecretKeyGen, template),
        KeyAlgorithm::Rsa2048 => (Mechanism::RsaPkcsKeyPairGen, bits(2048)),
        KeyAlgorithm::Rsa3072 => (Mechanism::RsaPkcsKeyPairGen, bits(3072)),
        KeyAlgorithm::Rsa4096 => (Mechanism::RsaPkcsKeyPairGen, bits(4096)),
        KeyAlgorithm::P256 => (Mechanism::EccKeyPairGen, curve(&P256)),
        KeyAlgorithm::P384 => (Mechanism::EccKeyPairGen, curve(&P384)),
        KeyAlgorithm::Secp256k1 => (Mechanism::EccKeyPairGen, curve(&SECP256K1)),
        KeyAlgorithm::Ed25519 => (Mechanism::EccEdwardsKeyPairGen, curve(&ED25519)),
    };
    // The public object is read and destroyed at once: public keys live in the key manager's database.
    public.push(Attribute::Token(false));
    Recipe::Pair { mechanism, public, private: template }
}

/// What a wrapped key becomes when it is unwrapped to be used: a sensitive session object with this one use.
pub(crate) fn unwrapped(algorithm: KeyAlgorithm, usage: Use) -> Vec<Attribute> {
    let (class, kind) = class_and_kind(algorithm);
    let mut template = vec![
        Attribute::Class(class),
        Attribute::KeyType(kind),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
    ];
    if algorithm.is_symmetric() {
        template.extend(secret_uses(&[usage]));
    } else {
        template.extend(private_uses(&[usage]));
    }
    template
}

fn class_and_kind(algorithm: KeyAlgorithm) -> (ObjectClass, KeyType) {
    match algorithm {
        KeyAlgorithm::Aes256 => (ObjectClass::SECRET_KEY, KeyType::AES),
        KeyAlgorithm::HmacSha256 => (ObjectClass::SECRET_KEY, KeyType::GENERIC_SECRET),
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
            (ObjectClass::PRIVATE_KEY, KeyType::RSA)
        }
        KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::Secp256k1 => (ObjectClass::PRIVATE_KEY, KeyType::EC),
        KeyAlgorithm::Ed25519 => (ObjectClass::PRIVATE_KEY, KeyType::EC_EDWARDS),
    }
}

/// The AES key that another program wrapped a key with: unwraps that one, and lives for one call.
pub(crate) fn carrier() -> Vec<Attribute> {
    let mut template = unwrapped(KeyAlgorithm::Aes256, Use::Wrap);
    template.retain(|attribute| !matches!(attribute, Attribute::Wrap(_)));
    template.push(Attribute::Wrap(false));
    template
}

/// A key of another program as it comes in: to be wrapped under a root at once, or to stay as an object.
pub(crate) fn incoming(algorithm: KeyAlgorithm, lodging: &Lodging<'_>) -> Vec<Attribute> {
    let uses: &[Use] = match algorithm {
        KeyAlgorithm::Aes256 => &[Use::Cipher],
        KeyAlgorithm::HmacSha256 => &[Use::Mac],
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => &[Use::Sign, Use::Decrypt],
        KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::Secp256k1 | KeyAlgorithm::Ed25519 => &[Use::Sign],
    };
    let (class, kind) = class_and_kind(algorithm);
    let mut template = vec![Attribute::Class(class), Attribute::KeyType(kind)];
    template.extend(lodged(lodging));
    if algorithm.is_symmetric() {
        template.extend(secret_uses(uses));
    } else {
        template.extend(private_uses(uses));
    }
    template
}

/// A data key on its way through the token: lives for one call. `readable`: its bytes are the answer.
pub(crate) fn data_key(readable: bool) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(false),
        // Nothing is gained by hiding from other sessions of this process what is read in the next call, and it costs a
        // fifth of the speed.
        Attribute::Private(!readable),
        Attribute::Sensitive(!readable),
        Attribute::Extractable(true),
    ];
    template.extend(secret_uses(&[]));
    template
}

/// A shared secret that is read in the next call.
pub(crate) fn shared_secret() -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::ValueLen(32.into()),
        Attribute::Token(false),
        Attribute::Private(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ];
    template.extend(secret_uses(&[]));
    template
}

fn lodged(lodging: &Lodging<'_>) -> Vec<Attribute> {
    let mut template = vec![Attribute::Private(true), Attribute::Sensitive(true)];
    match lodging {
        Lodging::Token { id, label } => template.extend([
            Attribute::Token(true),
            Attribute::Extractable(false),
            Attribute::Modifiable(false),
            Attribute::Copyable(false),
            Attribute::Id(id.to_vec()),
            Attribute::Label(label.as_bytes().to_vec()),
        ]),
        Lodging::Passing => template.extend([Attribute::Token(false), Attribute::Extractable(true)]),
    }
    template
}

fn secret_uses(uses: &[Use]) -> [Attribute; 7] {
    let (cipher, mac, wrap) = (uses.contains(&Use::Cipher), uses.contains(&Use::Mac), uses.contains(&Use::Wrap));
    [
        Attribute::Encrypt(cipher),
        Attribute::Decrypt(cipher),
        Attribute::Sign(mac),
        Attribute::Verify(mac),
        Attribute::Wrap(wrap),
        Attribute::Unwrap(wrap),
        Attribute::Derive(false),
    ]
}

fn private_uses(uses: &[Use]) -> [Attribute; 4] {
    [
        Attribute::Sign(uses.contains(&Use::Sign)),
        Attribute::Decrypt(uses.contains(&Use::Decrypt)),
        Attribute::Derive(uses.contains(&Use::Agree)),
        Attribute::Unwrap(uses.contains(&Use::Unwrap)),
    ]
}

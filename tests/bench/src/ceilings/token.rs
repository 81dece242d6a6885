//! The token alone: loops of bare PKCS#11 calls on session objects like those that the key manager uses.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::mechanism::{Mechanism, aead::GcmParams};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

/// DER of the object identifier of P-256.
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// Numbers of threads that are tried.
const THREADS: [usize; 3] = [1, 2, 4];

/// An open token.
pub struct BareToken {
    pkcs11: Pkcs11,
    slot: Slot,
    /// Owns the keys, and keeps the login.
    keeper: Session,
}

impl BareToken {
    pub fn open(module: &Path, label: &str, pin_file: &Path) -> Self {
        let pkcs11 = Pkcs11::new(module).expect("the module loads");
        // Whoever measured before may have initialised it.
        let _ = pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        let slots = pkcs11.get_slots_with_initialized_token().expect("slots");
        let is_ours = |slot: &Slot| pkcs11.get_token_info(*slot).is_ok_and(|info| info.label() == label);
        let slot = slots.into_iter().find(is_ours).expect("the token");
        let keeper = pkcs11.open_rw_session(slot).expect("a session");
        let pin = std::fs::read_to_string(pin_file).expect("the PIN");
        // Logged in already where the product's own key store is open in this process.
        let _ = keeper.login(UserType::User, Some(&AuthPin::from(pin.trim_end())));
        Self { pkcs11, slot, keeper }
    }

    pub fn session(&self) -> Session {
        self.opener()()
    }

    /// Opens sessions, on any thread.
    pub fn opener(&self) -> impl Fn() -> Session + Send + Clone + use<> {
        let (pkcs11, slot) = (self.pkcs11.clone(), self.slot);
        move || pkcs11.open_rw_session(slot).expect("a session")
    }

    /// What the token can do of this in a second, at the best number of threads; `operation` gives the number of operations that it
    /// did. Half of the time goes to finding that number, the other half is measured: the best of several short measurements would
    /// be the luckiest on a machine with neighbours.
    pub fn best(&self, time: Duration, operation: impl Fn(&Session) -> usize + Sync) -> f64 {
        let tried = THREADS.map(|threads| (self.rate(threads, time / 6, &operation), threads));
        let (_, best) = tried.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).expect("numbers of threads");
        self.rate(best, time / 2, &operation)
    }

    fn rate(&self, threads: usize, time: Duration, operation: &(impl Fn(&Session) -> usize + Sync)) -> f64 {
        let end = AtomicBool::new(false);
        let begun = Instant::now();
        let work = |session: Session| {
            let mut done = 0;
            while !end.load(Ordering::Relaxed) {
                done += operation(&session);
            }
            done
        };
        let work = &work;
        let done: usize = std::thread::scope(|scope| {
            let loops = (0..threads).map(|_| {
                let session = self.session();
                scope.spawn(move || work(session))
            });
            let loops: Vec<_> = loops.collect();
            std::thread::sleep(time);
            end.store(true, Ordering::Relaxed);
            loops.into_iter().map(|one| one.join().expect("a loop ends")).sum()
        });
        done as f64 / begun.elapsed().as_secs_f64()
    }

    // Keys, as the key manager's are once they are unwrapped: private, sensitive session objects.

    pub fn aes(&self) -> ObjectHandle {
        self.secret(&Mechanism::AesKeyGen, &[Attribute::Encrypt(true), Attribute::Decrypt(true)])
    }

    /// A key that wraps and unwraps data keys.
    pub fn wrapping(&self) -> ObjectHandle {
        self.secret(&Mechanism::AesKeyGen, &[Attribute::Wrap(true), Attribute::Unwrap(true)])
    }

    pub fn hmac(&self) -> ObjectHandle {
        self.secret(&Mechanism::GenericSecretKeyGen, &[Attribute::Sign(true), Attribute::Verify(true)])
    }

    fn secret(&self, mechanism: &Mechanism<'_>, uses: &[Attribute]) -> ObjectHandle {
        let template = [&hidden(), uses, &[Attribute::ValueLen(32.into())]].concat();
        self.keeper.generate_key(mechanism, &template).expect("a key")
    }

    /// A P-256 key that signs or agrees.
    pub fn p256(&self) -> ObjectHandle {
        let public = [Attribute::Token(false), Attribute::EcParams(P256.to_vec())];
        let private = [&hidden()[..], &[Attribute::Sign(true), Attribute::Derive(true)]].concat();
        self.keeper.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).expect("a key pair").1
    }

    /// An RSA key of 2048 bits, and its public half.
    pub fn rsa(&self) -> (ObjectHandle, ObjectHandle) {
        let public = [
            Attribute::Token(false),
            Attribute::ModulusBits(2048.into()),
            Attribute::PublicExponent(vec![1, 0, 1]),
            Attribute::Encrypt(true),
        ];
        let private = [&hidden()[..], &[Attribute::Sign(true), Attribute::Decrypt(true)]].concat();
        self.keeper.generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private).expect("a key pair")
    }

    /// A number below the modulus, encrypted without padding.
    pub fn encrypted_block(&self, public: ObjectHandle) -> Vec<u8> {
        let block = [vec![0], vec![7; 255]].concat();
        self.keeper.encrypt(&Mechanism::RsaX509, public, &block).expect("a block")
    }

    /// A data key wrapped under a wrapping key.
    pub fn wrapped_data_key(&self, wrapping: ObjectHandle) -> Vec<u8> {
        let key = made_data_key(&self.keeper);
        let wrapped = self.keeper.wrap_key(&Mechanism::AesKeyWrap, wrapping, key).expect("a wrapped key");
        self.keeper.destroy_object(key).expect("a key less");
        wrapped
    }
}

// Operations. One that makes an object destroys it.

pub fn encrypt(session: &Session, key: ObjectHandle, iv: [u8; 12], message: &[u8]) -> Vec<u8> {
    let mut iv = iv;
    let mechanism = Mechanism::AesGcm(GcmParams::new(&mut iv, &[], 128.into()).expect("parameters"));
    session.encrypt(&mechanism, key, message).expect("a ciphertext")
}

/// The digest is made outside, as for every token.
pub fn sign_es256(session: &Session, key: ObjectHandle, message: &[u8]) {
    session.sign(&Mechanism::Ecdsa, key, &km_crypto::digest::sha256(message)).expect("a signature");
}

pub fn sign_rs256(session: &Session, key: ObjectHandle, message: &[u8]) {
    session.sign(&Mechanism::Sha256RsaPkcs, key, message).expect("a signature");
}

pub fn decrypt_rsa(session: &Session, key: ObjectHandle, block: &[u8]) {
    session.decrypt(&Mechanism::RsaX509, key, block).expect("a block");
}

pub fn hmac(session: &Session, key: ObjectHandle, message: &[u8]) {
    session.sign(&Mechanism::Sha256Hmac, key, message).expect("a code");
}

/// Key agreement with this point; the secret is read.
pub fn derive(session: &Session, key: ObjectHandle, peer: &[u8]) {
    let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), peer));
    let template = [&readable()[..], &[Attribute::KeyType(KeyType::GENERIC_SECRET), Attribute::ValueLen(32.into())]];
    read(session, session.derive_key(&mechanism, key, &template.concat()).expect("a secret"));
}

/// A new data key: made, read, wrapped.
pub fn new_data_key(session: &Session, wrapping: ObjectHandle) {
    let key = made_data_key(session);
    session.wrap_key(&Mechanism::AesKeyWrap, wrapping, key).expect("a wrapped key");
    read(session, key);
}

/// A data key unwrapped and read.
pub fn unwrap_data_key(session: &Session, wrapping: ObjectHandle, wrapped: &[u8]) {
    let template = [&readable()[..], &[Attribute::KeyType(KeyType::AES)]].concat();
    read(session, session.unwrap_key(&Mechanism::AesKeyWrap, wrapping, wrapped, &template).expect("a data key"));
}

/// A data key moved from one wrapping key to another, unread.
pub fn rewrap_data_key(session: &Session, from: ObjectHandle, to: ObjectHandle, wrapped: &[u8]) {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(true),
    ];
    let key = session.unwrap_key(&Mechanism::AesKeyWrap, from, wrapped, &template).expect("a data key");
    session.wrap_key(&Mechanism::AesKeyWrap, to, key).expect("a wrapped key");
    session.destroy_object(key).expect("a key less");
}

fn made_data_key(session: &Session) -> ObjectHandle {
    let template = [Attribute::ValueLen(32.into()), Attribute::Token(false), Attribute::Private(false)];
    let template = [&template[..], &[Attribute::Sensitive(false), Attribute::Extractable(true)]].concat();
    session.generate_key(&Mechanism::AesKeyGen, &template).expect("a data key")
}

fn read(session: &Session, key: ObjectHandle) {
    session.get_attributes(key, &[AttributeType::Value]).expect("its bytes");
    session.destroy_object(key).expect("a key less");
}

fn hidden() -> [Attribute; 4] {
    [Attribute::Token(false), Attribute::Private(true), Attribute::Sensitive(true), Attribute::Extractable(false)]
}

fn readable() -> [Attribute; 5] {
    [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::Token(false),
        Attribute::Private(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ]
}

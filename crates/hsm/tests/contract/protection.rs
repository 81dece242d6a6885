//! Whoever has the PIN and the database still has no key: seen through PKCS#11, past our own code.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use km_domain::{KeyAlgorithm, SignatureAlgorithm};
use km_hsm::Token;
use km_keystore::{Agree, Generate, Inventory, KeyStoreError, Mac, Placement, Residence, Sign, StoredKey, Wrap};
use km_test_support::TestToken;

use crate::{id, make};

pub fn all(test: &TestToken, token: &Token) {
    let root = make(token, KeyAlgorithm::Aes256, &Placement::Root);
    let second = make(token, KeyAlgorithm::Aes256, &Placement::Root);
    let wrapped = |algorithm, wraps| make(token, algorithm, &Placement::Wrapped { root: id(&root), wraps });
    let (kek, mac) = (wrapped(KeyAlgorithm::Aes256, true), wrapped(KeyAlgorithm::HmacSha256, false));
    let signing = wrapped(KeyAlgorithm::P256, false);
    let session = session(test);

    roots_wrap_and_do_nothing_else(&session, find(&session, &root), find(&session, &second));
    for (key, class, kind) in [
        (&kek, ObjectClass::SECRET_KEY, KeyType::AES),
        (&mac, ObjectClass::SECRET_KEY, KeyType::GENERIC_SECRET),
        (&signing, ObjectClass::PRIVATE_KEY, KeyType::EC),
    ] {
        match &key.residence {
            Residence::Wrapped { .. } => {
                cannot_be_unwrapped_into_the_open(&session, find(&session, &root), key, class, kind);
            }
            Residence::Resident { .. } => cannot_be_taken_out(&session, find(&session, key), find(&session, &root)),
        }
    }
    keys_in_use_are_sensitive_and_have_one_use(&session, token, (&kek, &mac, &signing));
    no_trace_of_data_keys(&session, token, &kek);
    another_key_in_its_place_is_not_used(token, &signing, &wrapped(KeyAlgorithm::P256, false));
    lost_objects_are_unwrapped_again(&session, token, &mac, &signing);
    for key in [&root, &second] {
        token.destroy(key).unwrap();
    }
}

/// A session of our own beside the key store's; the login is the process's.
fn session(test: &TestToken) -> Session {
    let pkcs11 = Pkcs11::new(&test.module).unwrap();
    let _ = pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let slots = pkcs11.get_slots_with_initialized_token().unwrap();
    let is_ours = |slot: &cryptoki::slot::Slot| pkcs11.get_token_info(*slot).unwrap().serial_number() == test.serial;
    let slot = slots.into_iter().find(is_ours).unwrap();
    pkcs11.open_rw_session(slot).unwrap()
}

fn find(session: &Session, root: &StoredKey) -> ObjectHandle {
    session.find_objects(&[Attribute::Id(id(root))]).unwrap()[0]
}

fn roots_wrap_and_do_nothing_else(session: &Session, root: ObjectHandle, other: ObjectHandle) {
    let wanted = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::AlwaysSensitive(true),
        Attribute::Extractable(false),
        Attribute::NeverExtractable(true),
        Attribute::Local(true),
        Attribute::Modifiable(false),
        Attribute::Copyable(false),
        Attribute::Wrap(true),
        Attribute::Unwrap(true),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Sign(false),
        Attribute::Verify(false),
        Attribute::Derive(false),
    ];
    let kinds: Vec<_> = wanted.iter().map(Attribute::attribute_type).collect();
    assert_eq!(session.get_attributes(root, &kinds).unwrap(), wanted);
    assert!(session.get_attributes(root, &[AttributeType::Value]).unwrap().is_empty());
    assert!(session.update_attributes(root, &[Attribute::Decrypt(true)]).is_err());
    assert!(session.update_attributes(root, &[Attribute::Label(b"x".to_vec())]).is_err());
    assert!(session.copy_object(root, &[Attribute::Token(false)]).is_err());
    assert!(session.wrap_key(&Mechanism::AesKeyWrap, other, root).is_err());
    assert!(session.encrypt(&Mechanism::AesEcb, root, &[0; 16]).is_err());
    assert!(session.decrypt(&Mechanism::AesEcb, root, &[0; 16]).is_err());
}

/// A private key that the token cannot wrap: it lives in the token and never leaves it.
fn cannot_be_taken_out(session: &Session, key: ObjectHandle, root: ObjectHandle) {
    let wanted = [Attribute::Sensitive(true), Attribute::Extractable(false), Attribute::NeverExtractable(true)];
    let kinds: Vec<_> = wanted.iter().map(Attribute::attribute_type).collect();
    assert_eq!(session.get_attributes(key, &kinds).unwrap(), wanted);
    for value in [AttributeType::Value, AttributeType::PrivateExponent] {
        assert!(session.get_attributes(key, &[value]).map_or(true, |attributes| attributes.is_empty()));
    }
    assert!(session.update_attributes(key, &[Attribute::Extractable(true)]).is_err());
    assert!(session.copy_object(key, &[Attribute::Extractable(true)]).is_err());
    for mechanism in [Mechanism::AesKeyWrap, Mechanism::AesKeyWrapPad, Mechanism::AesCbcPad([0; 16])] {
        assert!(session.wrap_key(&mechanism, root, key).is_err());
    }
}

fn cannot_be_unwrapped_into_the_open(
    session: &Session,
    root: ObjectHandle,
    key: &StoredKey,
    class: ObjectClass,
    kind: KeyType,
) {
    let Residence::Wrapped { mechanism, blob, .. } = &key.residence else { panic!("{} is wrapped", key.name) };
    let mut iv = [0; 12];
    let (mechanism, blob) = match mechanism.as_str() {
        "CKM_AES_KEY_WRAP" => (Mechanism::AesKeyWrap, &blob[..]),
        "CKM_AES_KEY_WRAP_PAD" => (Mechanism::AesKeyWrapPad, &blob[..]),
        "CKM_AES_GCM" => {
            iv.copy_from_slice(&blob[..12]);
            (Mechanism::AesGcm(GcmParams::new(&mut iv, &[], 128.into()).unwrap()), &blob[12..])
        }
        other => panic!("no way to unwrap {other}"),
    };
    let attempt = |sensitive: bool, extractable: bool| {
        let template = [
            Attribute::Class(class),
            Attribute::KeyType(kind),
            Attribute::Token(false),
            Attribute::Sensitive(sensitive),
            Attribute::Extractable(extractable),
        ];
        session.unwrap_key(&mechanism, root, blob, &template)
    };
    assert!(attempt(false, true).is_err());
    assert!(attempt(false, false).is_err());
    assert!(attempt(true, true).is_err());
    // The control: the blob itself is good, it was the template that was refused.
    session.destroy_object(attempt(true, false).unwrap()).unwrap();
}

fn keys_in_use_are_sensitive_and_have_one_use(
    session: &Session,
    token: &Token,
    (kek, mac, signing): (&StoredKey, &StoredKey, &StoredKey),
) {
    let used = [kek, mac, signing];
    let unwrapped = used.iter().filter(|key| matches!(key.residence, Residence::Wrapped { .. })).count();
    let before = session.find_objects(&[Attribute::Token(false)]).unwrap();
    token.new_data_key(kek).unwrap();
    token.mac(mac, b"").unwrap();
    token.sign(signing, SignatureAlgorithm::Es256, b"").unwrap();
    let mut after = session.find_objects(&[Attribute::Token(false)]).unwrap();
    after.retain(|object| !before.contains(object));
    assert_eq!(after.len(), unwrapped);
    for object in after {
        let wanted = [AttributeType::Sensitive, AttributeType::Extractable, AttributeType::Private];
        let protection = session.get_attributes(object, &wanted).unwrap();
        assert_eq!(protection, [Attribute::Sensitive(true), Attribute::Extractable(false), Attribute::Private(true)]);
        let uses = [
            AttributeType::Sign,
            AttributeType::Wrap,
            AttributeType::Encrypt,
            AttributeType::Decrypt,
            AttributeType::Derive,
        ];
        let allowed = |attribute: &Attribute| matches!(attribute, Attribute::Sign(true) | Attribute::Wrap(true));
        let uses = session.get_attributes(object, &uses).unwrap();
        assert_eq!(uses.iter().filter(|attribute| allowed(attribute)).count(), 1, "{uses:?}");
        let forbidden = |attribute: &Attribute| {
            matches!(attribute, Attribute::Encrypt(true) | Attribute::Decrypt(true) | Attribute::Derive(true))
        };
        assert!(!uses.iter().any(forbidden), "{uses:?}");
    }
}

/// The objects that carry data keys through the token live no longer than the call.
fn no_trace_of_data_keys(session: &Session, token: &Token, kek: &StoredKey) {
    let count = || session.find_objects(&[Attribute::Token(false)]).unwrap().len();
    let before = count();
    let made = token.new_data_key(kek).unwrap();
    token.unwrap_data_key(kek, &made.wrapped).unwrap();
    token.rewrap_data_key(kek, kek, &made.wrapped).unwrap();
    let mut altered = made.wrapped.clone();
    altered[0] ^= 1;
    assert!(token.unwrap_data_key(kek, &altered).is_err());
    assert_eq!(count(), before);
}

/// Before its first use a private key is compared with the public key that is stored for it.
fn another_key_in_its_place_is_not_used(token: &Token, key: &StoredKey, other: &StoredKey) {
    let swapped = StoredKey { residence: other.residence.clone(), ..key.clone() };
    assert!(matches!(token.sign(&swapped, SignatureAlgorithm::Es256, b""), Err(KeyStoreError::Unavailable(_))));
    let peer = km_crypto::agreement::EphemeralKey::generate().unwrap();
    assert!(matches!(token.agree(&swapped, peer.public()), Err(KeyStoreError::Unavailable(_))));
    token.sign(other, SignatureAlgorithm::Es256, b"").unwrap();
    token.agree(other, peer.public()).unwrap();
}

/// A handle in the cache whose object is gone is found out and made anew within the call.
fn lost_objects_are_unwrapped_again(session: &Session, token: &Token, mac: &StoredKey, signing: &StoredKey) {
    let code = token.mac(mac, b"m").unwrap();
    token.sign(signing, SignatureAlgorithm::Es256, b"m").unwrap();
    // All but the key store's own known keys, which are the oldest.
    let can = token.describe().can;
    let known = 1 + ["aes-gcm", "aes-key-wrap"].iter().filter(|one| can.iter().any(|name| name == *one)).count();
    let mut objects = session.find_objects(&[Attribute::Token(false)]).unwrap();
    objects.sort_by_key(ObjectHandle::handle);
    for object in objects.into_iter().skip(known) {
        session.destroy_object(object).unwrap();
    }
    assert_eq!(token.mac(mac, b"m").unwrap(), code);
    token.sign(signing, SignatureAlgorithm::Es256, b"m").unwrap();
}

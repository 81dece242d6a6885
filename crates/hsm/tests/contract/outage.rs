//! The token's files are taken away while it is in use, and come back.

use km_domain::{KeyAlgorithm, SignatureAlgorithm};
use km_hsm::Token;
use km_keystore::{Generate, Inventory, KeyStoreError, Mac, Placement, Sign};
use km_test_support::{Module, TestToken};

use crate::{id, make};

pub fn all(test: &TestToken, token: &Token) {
    a_refused_pin_is_tried_once(test, token);
    let root = make(token, KeyAlgorithm::Aes256, &Placement::Root);
    let placement = Placement::Wrapped { root: id(&root), wraps: false };
    let wrapped = make(token, KeyAlgorithm::HmacSha256, &placement);
    let resident = make(token, KeyAlgorithm::P256, &Placement::Resident { label: "resident".into() });
    let code = token.mac(&wrapped, b"m").unwrap();
    token.sign(&resident, SignatureAlgorithm::Es256, b"m").unwrap();

    let away = test.folder().join("away");
    std::fs::rename(test.objects(), &away).unwrap();
    match test.kind {
        Module::SoftHsm => {
            assert!(matches!(token.probe(), Err(KeyStoreError::Unavailable(_))), "the probe must notice");
            let signature = token.sign(&resident, SignatureAlgorithm::Es256, b"m");
            assert!(matches!(signature, Err(KeyStoreError::Unavailable(_))));
            assert!(matches!(token.mac(&wrapped, b"m"), Err(KeyStoreError::Unavailable(_))));
        }
        // It holds its file open, so it is all there until it is opened again; it must only not be another.
        Module::Kryoptic | Module::Bare => {
            token.probe().unwrap();
            assert_eq!(token.mac(&wrapped, b"m").unwrap(), code);
            let made = token.generate(KeyAlgorithm::P256, &Placement::Resident { label: "lost".into() });
            assert!(matches!(made, Err(KeyStoreError::Unavailable(_))), "a key would be made that nobody finds again");
        }
    }
    assert!(token.recover().is_err(), "there is nothing to recover to");
    assert!(token.probe().is_err());
    assert!(matches!(token.mac(&wrapped, b"m"), Err(KeyStoreError::Unavailable(_))));

    std::fs::rename(&away, test.objects()).unwrap();
    token.recover().unwrap();
    token.probe().unwrap();
    assert_eq!(token.mac(&wrapped, b"m").unwrap(), code);
    let signature = token.sign(&resident, SignatureAlgorithm::Es256, b"m").unwrap();
    resident.public.as_ref().unwrap().verify(SignatureAlgorithm::Es256, b"m", &signature).unwrap();
}

/// A PIN that was refused is not tried again until its file has changed: a token counts, and locks.
fn a_refused_pin_is_tried_once(test: &TestToken, token: &Token) {
    let right = std::fs::read(&test.pin_file).unwrap();
    std::fs::write(&test.pin_file, "0000-not-the-pin").unwrap();
    let refused = || match token.recover() {
        Err(KeyStoreError::Unavailable(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(!refused().contains("not tried again"));
    assert!(refused().contains("not tried again"));
    std::fs::write(&test.pin_file, right).unwrap();
    token.recover().unwrap();
    token.probe().unwrap();
}

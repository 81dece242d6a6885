//! Many callers, few sessions; refused input by the thousand; wrong configuration.

use km_domain::{KeyAlgorithm, SecretBytes, SignatureAlgorithm};
use km_hsm::{Token, TokenConfig};
use km_keystore::{Cipher, Generate, Inventory, KeyStoreError, Placement, Sign};
use km_test_support::TestToken;

use crate::{config, id, make};

pub fn all(test: &TestToken, token: &Token) {
    let root = make(token, KeyAlgorithm::Aes256, &Placement::Root);
    let placement = Placement::Wrapped { root: id(&root), wraps: false };
    one_session_serves_many_threads(test, token, &placement);
    if token.describe().can.iter().any(|name| name == "aes-gcm") {
        bad_tags_do_not_make_the_token_look_ill(token, &placement);
    }
    recovery_under_load(token, &placement);
    wrong_configuration(test);
    let label = |object: &km_hsm::TokenObject| object.label.clone();
    assert!(token.contents().unwrap().iter().map(label).any(|label| label == "root wrapping key"));
    token.destroy(&root).unwrap();
    assert!(!token.contents().unwrap().iter().any(|object| object.id == id(&root)));
}

fn one_session_serves_many_threads(test: &TestToken, token: &Token, placement: &Placement) {
    let key = make(token, KeyAlgorithm::P256, placement);
    let narrow = Token::open(TokenConfig { sessions: 1, ..config(test) }).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| drop(narrow.sign(&key, SignatureAlgorithm::Es256, b"m").unwrap())));
        }
    });
}

fn bad_tags_do_not_make_the_token_look_ill(token: &Token, placement: &Placement) {
    let key = make(token, KeyAlgorithm::Aes256, placement);
    let sealed = token.encrypt(&key, &[1; 12], b"", b"a message").unwrap();
    let altered: Vec<u8> = sealed.iter().map(|byte| byte ^ 1).collect();
    for _ in 0..10_000 {
        let answer = token.decrypt(&key, &[1; 12], b"", &altered).map(|_: SecretBytes| ());
        assert_eq!(answer, Err(KeyStoreError::Refused));
    }
    token.probe().unwrap();
    assert!(token.decrypt(&key, &[1; 12], b"", &sealed).unwrap().expose() == b"a message");
}

/// While the module is initialised again, a caller gets a right answer or `Unavailable`: never another key's.
fn recovery_under_load(token: &Token, placement: &Placement) {
    let keys: Vec<_> = (0..4).map(|_| make(token, KeyAlgorithm::P256, placement)).collect();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let signers: Vec<_> = keys
            .iter()
            .map(|key| {
                let done = &done;
                scope.spawn(move || {
                    let mut signatures = 0;
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        match token.sign(key, SignatureAlgorithm::Es256, b"m") {
                            Ok(signature) => {
                                let public = key.public.as_ref().unwrap();
                                public.verify(SignatureAlgorithm::Es256, b"m", &signature).unwrap();
                                signatures += 1;
                            }
                            Err(KeyStoreError::Unavailable(_)) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                    signatures
                })
            })
            .collect();
        for _ in 0..20 {
            token.recover().unwrap();
            token.probe().unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(signers.into_iter().all(|signer| signer.join().unwrap() > 0));
    });
}

fn wrong_configuration(test: &TestToken) {
    let refused = |config: TokenConfig| match Token::open(config) {
        Err(KeyStoreError::Unavailable(reason)) => reason,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    };
    assert!(
        refused(TokenConfig { label: "another".into(), ..config(test) }).contains("no token has the label another")
    );
    assert!(refused(TokenConfig { serial: Some("0".into()), ..config(test) }).contains("no token"));
    assert!(refused(TokenConfig { module: "/nowhere.so".into(), ..config(test) }).contains("/nowhere.so"));
    assert!(refused(TokenConfig { pin_file: "/nowhere".into(), ..config(test) }).contains("PIN file /nowhere"));
}

//! How fast the token is through this crate: one line an operation, with 1, 2 and 4 threads. For orientation; the
//! benchmark proper is `tests/bench`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use km_domain::{KeyAlgorithm, KeyVersionRef, SignatureAlgorithm};
use km_hsm::{Token, TokenConfig};
use km_keystore::{Agree, Cipher, Decrypt, Generate, Mac, Placement, Residence, Sign, StoredKey, Wrap};
use km_test_support::token::with_tokens;

fn main() -> ExitCode {
    with_tokens(|test| {
        let config = TokenConfig {
            module: test.module.clone(),
            label: test.label.clone(),
            serial: None,
            pin_file: test.pin_file.clone(),
            sessions: 4,
            series: 1,
            wait: Duration::from_secs(2),
        };
        let start = Instant::now();
        let token = Token::open(config).unwrap();
        println!("open {:?}", start.elapsed());
        let root = make(&token, 1, KeyAlgorithm::Aes256, &Placement::Root);
        let Residence::Resident { object } = root.residence else { panic!("a root is resident") };
        let wrapped = |number, algorithm, wraps| {
            make(&token, number, algorithm, &Placement::Wrapped { root: object.clone(), wraps })
        };
        let (aes, kek) = (wrapped(2, KeyAlgorithm::Aes256, false), wrapped(3, KeyAlgorithm::Aes256, true));
        let (mac, ec) = (wrapped(4, KeyAlgorithm::HmacSha256, false), wrapped(5, KeyAlgorithm::P256, false));
        let rsa = wrapped(6, KeyAlgorithm::Rsa2048, false);
        let data_key = token.new_data_key(&kek).unwrap();
        let sealed = km_crypto::oaep::encrypt_sha256(rsa.public.as_ref().unwrap(), b"key").unwrap();
        let peer = km_crypto::agreement::EphemeralKey::generate().unwrap();
        let block = [7; 1024];
        figure("AES-256-GCM 1 KiB", &|| drop(token.encrypt(&aes, &[1; 12], b"aad", &block).unwrap()));
        figure("HMAC-SHA-256", &|| assert!(token.mac(&mac, &block[..64]).is_ok()));
        figure("ECDSA P-256", &|| drop(token.sign(&ec, SignatureAlgorithm::Es256, &block).unwrap()));
        figure("ECDH P-256", &|| drop(token.agree(&ec, peer.public()).unwrap()));
        figure("data key unwrapped", &|| drop(token.unwrap_data_key(&kek, &data_key.wrapped).unwrap()));
        figure("data key made", &|| drop(token.new_data_key(&kek).unwrap()));
        figure("data key rewrapped", &|| drop(token.rewrap_data_key(&kek, &kek, &data_key.wrapped).unwrap()));
        figure("RS256", &|| drop(token.sign(&rsa, SignatureAlgorithm::Rs256, &block).unwrap()));
        figure("RSA-OAEP-256", &|| drop(token.decrypt_oaep_sha256(&rsa, &sealed).unwrap()));
        let start = Instant::now();
        token.recover().unwrap();
        println!("recover {:?}", start.elapsed());
    })
}

fn make(token: &Token, number: u32, algorithm: KeyAlgorithm, placement: &Placement) -> StoredKey {
    let name = KeyVersionRef::parse(&format!("figure.{number}")).unwrap();
    let made = token.generate(algorithm, placement).unwrap();
    StoredKey { name, algorithm, residence: made.residence, public: made.public }
}

fn figure(name: &str, operation: &(dyn Fn() + Sync)) {
    print!("{name:24}");
    for threads in [1, 2, 4] {
        let (count, end) = (AtomicU64::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while !end.load(Ordering::Relaxed) {
                        operation();
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            std::thread::park_timeout(Duration::from_secs(1));
            end.store(true, Ordering::Relaxed);
        });
        print!(" {:>8}", count.load(Ordering::Relaxed));
    }
    println!(" /s");
}

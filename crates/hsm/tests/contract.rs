//! The key store contract, and what only a look through PKCS#11 or a missing token can tell, on a fresh token of every kind
//! that tests have; `cargo test --release -p km-hsm --test contract -- kryoptic` runs one.
//!
//! SEALKEEP_TEST_MODULE names another module in SoftHSM's place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "contract/outage.rs"]
mod outage;
#[path = "contract/protection.rs"]
mod protection;
#[path = "contract/sharing.rs"]
mod sharing;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use km_domain::{KeyAlgorithm, KeyVersionRef};
use km_hsm::{Token, TokenConfig};
use km_keystore::{Generate, Inventory, Placement, Residence, StoredKey, contract};
use km_test_support::token::{TestToken, with_tokens};

fn main() -> ExitCode {
    with_tokens(|test| {
        let token = Token::open(config(test)).expect("the token opens");
        let description = token.describe();
        println!("{}: can {:?}, lacks {:?}", description.model, description.can, description.lacks);
        step("contract", || contract(&token).unwrap());
        step("protection", || protection::all(test, &token));
        step("sharing", || sharing::all(test, &token));
        // Last: it takes the token away.
        step("outage", || outage::all(test, &token));
    })
}

fn step(name: &str, test: impl FnOnce()) {
    let start = std::time::Instant::now();
    test();
    println!("{name}: held, {:.1} s", start.elapsed().as_secs_f32());
}

pub fn config(test: &TestToken) -> TokenConfig {
    TokenConfig {
        module: test.module.clone(),
        label: test.label.clone(),
        serial: Some(test.serial.clone()),
        pin_file: test.pin_file.clone(),
        sessions: 4,
        series: 1,
        wait: Duration::from_secs(2),
    }
}

pub fn make(token: &Token, algorithm: KeyAlgorithm, placement: &Placement) -> StoredKey {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = KeyVersionRef::parse(&format!("test.{}", NUMBER.fetch_add(1, Ordering::Relaxed))).unwrap();
    let made = token.generate(algorithm, placement).unwrap();
    StoredKey { name, algorithm, residence: made.residence, public: made.public }
}

/// A root's CKA_ID.
pub fn id(key: &StoredKey) -> Vec<u8> {
    match &key.residence {
        Residence::Resident { object } => object.clone(),
        Residence::Wrapped { .. } => panic!("a resident key"),
    }
}

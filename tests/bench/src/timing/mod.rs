//! Whether the time of a refusal tells why a ciphertext was refused: pairs of wrong inputs, called in turn inside this
//! process, and Welch's t of their times.

mod oaep;
mod welch;

use std::time::Instant;

use km_crypto::random;
use km_domain::{KeyAlgorithm, KeyPurpose, SecretBytes};
use km_operations::messages::{self, Plain};
use km_test_support::{TestDatabase, TestToken};
use serde_json::{Value, json};

use crate::key_manager::KeyManager;
use oaep::Wrong;
use welch::{LIMIT, Sample, t, t_cropped};

/// Calls of each class.
const CALLS: usize = 100_000;
const RUNS: usize = 3;
/// Different inputs of one class, so that no single one speaks for all.
const INPUTS: usize = 64;

/// A ciphertext and the context that it is opened with.
type Input = (Vec<u8>, Vec<u8>);

struct Pair {
    name: &'static str,
    key: &'static str,
    classes: [Vec<Input>; 2],
}

/// Measures every pair and prints a table. A pair holds if |t| is under the limit in two of three runs.
pub fn run(token: &TestToken) -> Value {
    let key_manager = KeyManager::start(token, TestDatabase::sqlite());
    for id in ["aes", "other-aes"] {
        key_manager.key(id, KeyPurpose::Encrypt, KeyAlgorithm::Aes256);
    }
    for id in ["rsa", "other-rsa"] {
        key_manager.key(id, KeyPurpose::Decrypt, KeyAlgorithm::Rsa2048);
    }
    println!(
        "{CALLS} calls of each class in turn, two of {RUNS} runs decide; |t| as measured, and without the slowest tenth; limit {LIMIT}"
    );
    println!("{:<44} {:>20} {:>24}  holds", "pair", "median ns", "|t| of each run");
    let rows: Vec<Value> = pairs(&key_manager).iter().map(|pair| measure(&key_manager, pair)).collect();
    json!({ "calls": CALLS, "limit": LIMIT, "pairs": rows })
}

fn measure(key_manager: &KeyManager, pair: &Pair) -> Value {
    // The third run decides only where the first two differ.
    let (mut runs, mut held) = (Vec::new(), 0);
    while held < 2 && runs.len() - held < 2 && runs.len() < RUNS {
        let [a, b] = times(key_manager, pair);
        let (t, cropped) = (t(&a, &b), t_cropped(&a, &b));
        held += usize::from(t < LIMIT && cropped < LIMIT);
        runs.push((t, cropped, [a.median(), b.median()]));
    }
    let holds = held >= 2;
    let figures: Vec<String> = runs.iter().map(|(t, cropped, _)| format!("{t:.1}/{cropped:.1}")).collect();
    let [a, b] = runs[0].2;
    println!(
        "{:<44} {:>20} {:>24}  {}",
        pair.name,
        format!("{a}, {b}"),
        figures.join("  "),
        if holds { "yes" } else { "NO" }
    );
    let runs: Vec<Value> = runs
        .iter()
        .map(|(t, cropped, medians)| json!({ "t": t, "t_cropped": cropped, "median_ns": medians }))
        .collect();
    json!({ "pair": pair.name, "holds": holds, "runs": runs })
}

/// The times of both classes. Which goes first is left to chance at every turn.
fn times(key_manager: &KeyManager, pair: &Pair) -> [Sample; 2] {
    let mut times = [Sample(Vec::with_capacity(CALLS)), Sample(Vec::with_capacity(CALLS))];
    for turn in 0..CALLS {
        let [chance] = random::bytes::<1>();
        let first = usize::from(chance & 1);
        for class in [first, 1 - first] {
            let input = std::slice::from_ref(&pair.classes[class][turn % INPUTS]);
            let begun = Instant::now();
            let answer = messages::decrypt(&key_manager.operations, &key_manager.backend, pair.key, input);
            let took = begun.elapsed();
            answer.map(|outcome| assert!(outcome.is_ok_and(|batch| batch[0].is_err()), "{} was opened", pair.name));
            times[class].0.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
    }
    times
}

fn pairs(key_manager: &KeyManager) -> Vec<Pair> {
    let all = |make: &dyn Fn() -> Input| (0..INPUTS).map(|_| make()).collect::<Vec<_>>();
    let sealed = |key: &'static str, length: usize| move || sealed(key_manager, key, length);
    let flipped = |length: usize, from_end: usize| {
        move || {
            let (mut bytes, context) = sealed("aes", length)();
            let at = bytes.len() - from_end;
            bytes[at] ^= 1;
            (bytes, context)
        }
    };
    let tag = |length| flipped(length, 1);
    let body = |length| flipped(length, 20);
    let context = |length: usize| move || (sealed("aes", length)().0, b"another".to_vec());
    let key = |length| sealed("other-aes", length);
    let public = public_key(key_manager, "rsa");
    let other = public_key(key_manager, "other-rsa");
    let wrong = |wrong| {
        let public = public.clone();
        move || (oaep::ciphertext(&public, wrong, random::bytes()), Vec::new())
    };
    let foreign = || (km_crypto::oaep::encrypt_sha256(&other, b"key").expect("a ciphertext"), Vec::new());
    let foreign = || keep_below(&public, &foreign);
    vec![
        Pair { name: "AES 1 KiB: tag, context", key: "aes", classes: [all(&tag(1024)), all(&context(1024))] },
        Pair { name: "AES 1 KiB: tag, key", key: "aes", classes: [all(&tag(1024)), all(&key(1024))] },
        Pair { name: "AES 8 KiB: tag, context", key: "aes", classes: [all(&tag(8192)), all(&context(8192))] },
        Pair { name: "AES 8 KiB: tag, ciphertext", key: "aes", classes: [all(&tag(8192)), all(&body(8192))] },
        Pair { name: "AES 8 KiB: tag, key", key: "aes", classes: [all(&tag(8192)), all(&key(8192))] },
        Pair {
            name: "RSA-OAEP: first byte, label hash",
            key: "rsa",
            classes: [all(&wrong(Wrong::FirstByte)), all(&wrong(Wrong::LabelHash))],
        },
        Pair {
            name: "RSA-OAEP: separator, another key",
            key: "rsa",
            classes: [all(&wrong(Wrong::Separator)), all(&foreign)],
        },
    ]
}

fn sealed(key_manager: &KeyManager, key: &str, length: usize) -> Input {
    let KeyManager { operations, committer, backend, .. } = key_manager;
    let plain = Plain { plaintext: SecretBytes::new(vec![7; length]), context: b"context".to_vec() };
    let encrypted = messages::encrypt(operations, committer, backend, key, &[plain]);
    let mut batch = committer.record(encrypted).expect("a record").outcome.expect("a batch");
    (batch.remove(0).expect("a ciphertext").ciphertext, b"context".to_vec())
}

fn public_key(key_manager: &KeyManager, id: &str) -> km_crypto::PublicKey {
    let tenant = &key_manager.backend.principal.tenant;
    let keys = key_manager.operations.keyring.keys();
    let key = keys.key(tenant, id).expect("the key");
    key.current().expect("a version").stored.public.clone().expect("a public key")
}

/// A ciphertext below the modulus: one that is not says so to everybody, before any key is used.
fn keep_below(public: &km_crypto::PublicKey, make: &dyn Fn() -> Input) -> Input {
    let km_crypto::PublicKey::Rsa { modulus, .. } = public else { panic!("an RSA key") };
    loop {
        let input = make();
        if input.0 < *modulus {
            return input;
        }
    }
}

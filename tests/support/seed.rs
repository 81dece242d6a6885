//! Chance that can be had again: every property test says its seed, and takes the one of SEALKEEP_TEST_SEED.

use std::io::Read;

const VARIABLE: &str = "SEALKEEP_TEST_SEED";

/// 32 bytes, printed in hexadecimal under the name of the test.
pub fn seed(test: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    match std::env::var(VARIABLE) {
        Ok(text) => {
            for (at, byte) in seed.iter_mut().enumerate() {
                let pair = text.get(2 * at..2 * at + 2).expect("64 hexadecimal digits");
                *byte = u8::from_str_radix(pair, 16).expect("64 hexadecimal digits");
            }
        }
        Err(_) => std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut seed)).expect("chance"),
    }
    let text: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{test}: {VARIABLE}={text}");
    seed
}

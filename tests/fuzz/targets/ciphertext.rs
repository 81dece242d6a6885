//! What `encrypt` gives out and `decrypt` takes back: taken apart and put together, byte by byte.
#![no_main]

use km_operations::messages::Ciphertext;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(ciphertext) = Ciphertext::parse(bytes) else { return };
    assert_eq!(ciphertext.to_bytes(), bytes);
});

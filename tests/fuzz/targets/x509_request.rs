//! Certificate signing requests of strangers.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = km_x509::request::parse_and_verify(bytes);
});

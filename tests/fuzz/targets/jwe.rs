//! Compact JWE: what is taken apart goes together again, byte by byte.
#![no_main]

use km_formats::jwe;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(parsed) = jwe::parse(bytes) else { return };
    let compact = |protected: &str| {
        jwe::compact(protected, &parsed.encrypted_key, &parsed.iv, &parsed.sealed)
            .expect("the parts have their lengths")
    };
    assert_eq!(compact(&parsed.aad).as_bytes(), bytes);
    // Our own spelling of the same header says the same.
    let again = jwe::parse(compact(&jwe::protected(&parsed.header))).expect("our own spelling is accepted");
    assert_eq!(again.header, parsed.header);
});

//! Compact JWS: what is taken apart goes together again, byte by byte.
#![no_main]

use km_formats::jws;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(parsed) = jws::parse(bytes) else { return };
    assert_eq!(jws::compact(parsed.signing_input.expose(), &parsed.signature).as_bytes(), bytes);
    // Our own spelling of the same header says the same.
    let respelled = jws::compact(&jws::signing_input(&parsed.header, parsed.payload.expose()), &parsed.signature);
    let again = jws::parse(respelled).expect("our own spelling is accepted");
    assert!(again.header == parsed.header && again.payload.expose() == parsed.payload.expose());
});

//! Sealed values: there is one encoding of each, and no other is read.
#![no_main]

use km_formats::cose::{SealedValue, enc_structure};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = SealedValue::decode(bytes) else { return };
    let _ = enc_structure(value.kid, bytes);
    assert_eq!(value.encode().ok().as_deref(), Some(bytes));
});

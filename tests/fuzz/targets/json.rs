//! JSON as formats read it: what is accepted has one canonical spelling, which is accepted too and stays as it is.
#![no_main]

use km_formats::json::{canonical, strict};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = strict(bytes) else { return };
    let spelled = canonical(&value).expect("what strict accepts has a canonical spelling");
    let again = strict(&spelled).expect("the canonical spelling is accepted");
    assert_eq!(canonical(&again).ok(), Some(spelled));
});

//! Documents that strangers send to be signed.
#![no_main]

use km_domain::Timestamp;
use km_formats::pdf::{Look, prepare};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let look = Look { page: 1, rectangle: [0, 0, 9, 9], reason: "reason", name: "name", moment: Timestamp::from_seconds(0) };
    if let Ok(prepared) = prepare(bytes, &look, 9) {
        let signed = prepared.finish(&[1; 9]).expect("there is room");
        assert!(signed.starts_with(bytes));
        let _ = prepare(&signed, &look, 9);
    }
});

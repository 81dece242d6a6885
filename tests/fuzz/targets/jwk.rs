//! Public keys and sets of them as JSON: what is read is written so that it reads the same.
#![no_main]

use km_formats::jwk::{Jwk, JwkSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = Jwk::parse(bytes) {
        let _ = key.key.thumbprint_input();
        assert_eq!(Jwk::from_value(key.to_value()), Ok(key));
    }
    if let Ok(set) = JwkSet::parse(bytes) {
        assert_eq!(JwkSet::parse(set.to_value().to_string().as_bytes()), Ok(set));
    }
});

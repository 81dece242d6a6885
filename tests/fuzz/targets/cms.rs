//! Detached CMS signatures, as an auditor may be handed them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = km_formats::cms::parse(bytes);
});

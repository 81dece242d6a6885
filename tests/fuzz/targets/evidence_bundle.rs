//! Export bundles of strangers: read without a panic, packed and read again, and never found good under a root that is none.
#![no_main]

use km_domain::Timestamp;
use km_evidence::{BundleFiles, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(files) = BundleFiles::from_zip(bytes) else { return };
    assert!(!verify(&files, &[], Timestamp::from_seconds(1_800_000_000)).holds());
    let packed = files.to_zip().expect("what was taken in can be packed");
    assert_eq!(BundleFiles::from_zip(&packed).ok(), Some(files));
});

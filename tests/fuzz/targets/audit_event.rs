//! Leaves of the log: exactly the bytes that we write are read.
#![no_main]

use km_audit::LoggedEvent;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = LoggedEvent::from_leaf(bytes) else { return };
    assert_eq!(event.leaf().ok().as_deref(), Some(bytes));
});

//! Register definitions: read and linted without a panic.
#![no_main]

use km_domain::register::RegisterDefinition;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = RegisterDefinition::from_json(text);
});

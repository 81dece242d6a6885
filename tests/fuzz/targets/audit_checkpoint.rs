//! Checkpoints of the log: one checkpoint has one text.
#![no_main]

use km_audit::Checkpoint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(checkpoint) = Checkpoint::parse(text) else { return };
    assert_eq!(checkpoint.text(), text);
});

//! Signed notes (C2SP): what is read is written the same.
#![no_main]

use km_audit::Note;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(note) = Note::parse(text) else { return };
    let _ = note.checkpoint();
    assert_eq!(note.to_string(), text);
});

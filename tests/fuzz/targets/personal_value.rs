//! One personal value as somebody typed it: read, normalised, indexed and masked. The first byte chooses the field.
#![no_main]

use std::sync::LazyLock;

use km_domain::register::{PersonalField, RegisterDefinition};
use km_personal::{from_text, mask, normalise, query_input};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static DEFINITION: LazyLock<RegisterDefinition> = LazyLock::new(|| {
    RegisterDefinition::from_json(include_str!("../../../deploy/registers/individual.json")).expect("it is shipped")
});

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let fields: Vec<(_, &PersonalField)> = DEFINITION.personal().collect();
    let (name, field) = fields[usize::from(choice) % fields.len()];
    if let Ok(normal) = normalise(&field.kind, &DEFINITION.phone, text) {
        // An index finds a value by its normal form, so the normal form of that must be the same.
        assert_eq!(normalise(&field.kind, &DEFINITION.phone, &normal).ok().as_deref(), Some(&*normal));
    }
    let value = from_text(&DEFINITION, name.as_str(), text).unwrap_or_else(|_| Value::from(text));
    let _ = query_input(&DEFINITION, name.as_str(), &Value::from(text));
    let _ = field.mask.map(|kind| mask(kind, &value));
});

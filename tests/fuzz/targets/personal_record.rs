//! The fields of a record: what is found valid is valid still, and gives its index inputs and general values.
#![no_main]

use std::sync::LazyLock;

use km_domain::register::RegisterDefinition;
use km_formats::json;
use km_personal::{generalised, index_inputs, validate};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static DEFINITION: LazyLock<RegisterDefinition> = LazyLock::new(|| {
    RegisterDefinition::from_json(include_str!("../../../deploy/registers/individual.json")).expect("it is shipped")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(Value::Object(fields)) = json::strict(bytes) else { return };
    let Ok(validated) = validate(&DEFINITION, &fields) else { return };
    let _ = (generalised(&DEFINITION, &validated), index_inputs(&DEFINITION, &validated));
    let mut clean = validated.clear.clone();
    clean.extend(validated.personal.iter().map(|(name, value)| (name.to_string(), value.expose().clone())));
    assert!(validate(&DEFINITION, &clean).is_ok(), "a clean record breaks a rule");
});

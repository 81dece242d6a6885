//! Bodies of requests: read strictly into a type like those of the API; every fault names member and rule.
#![no_main]

use km_service::json::from_slice;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read from JSON")]
struct Body {
    text: String,
    number: Option<u32>,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[allow(dead_code, reason = "only read from JSON")]
enum Item {
    One(u8),
    Two { flag: bool },
}

fuzz_target!(|bytes: &[u8]| {
    let _ = from_slice::<Body>(bytes);
    if from_slice::<Value>(bytes).is_ok() {
        assert!(serde_json::from_slice::<Value>(bytes).is_ok(), "accepted without being JSON");
    }
});

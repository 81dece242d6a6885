//! A personal value in memory.

use km_domain::SecretBytes;
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroize;

/// One personal value, wiped when dropped. It has no Debug, Display or Serialize.
pub struct SecretValue(Value);

impl SecretValue {
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// The value, for the moment of use.
    pub fn expose(&self) -> &Value {
        &self.0
    }

    /// The bytes that are sealed: the value as JSON.
    pub fn to_bytes(&self) -> SecretBytes {
        secret_json(&self.0)
    }

    /// Reads what [`SecretValue::to_bytes`] wrote. None: not JSON.
    pub fn from_bytes(bytes: &SecretBytes) -> Option<Self> {
        serde_json::from_slice(bytes.expose()).ok().map(Self)
    }
}

impl Clone for SecretValue {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// JSON that holds personal values. The text must be of kinds that always serialise: values, texts, numbers, maps with texts as
/// keys.
pub fn secret_json(value: &impl Serialize) -> SecretBytes {
    let mut bytes = Counter(0);
    // Counting first: a buffer that grows leaves copies behind.
    let _ = serde_json::to_writer(&mut bytes, value);
    let mut buffer = Vec::with_capacity(bytes.0);
    let _ = serde_json::to_writer(&mut buffer, value);
    SecretBytes::new(buffer)
}

/// Overwrites every text of a value. Numbers and booleans are set to null; serde_json keeps them inline.
pub fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => *value = Value::Null,
    }
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_survives_its_bytes() {
        let value = SecretValue::new(json!(["አበበ", {"latitude": 9.03}, true, 7]));
        let bytes = value.to_bytes();
        assert_eq!(SecretValue::from_bytes(&bytes).unwrap().expose(), value.expose());
    }

    #[test]
    fn wiping_leaves_no_text() {
        let mut value = json!({"a": ["secret", {"b": "secret"}], "c": 5});
        wipe(&mut value);
        assert!(!value.to_string().contains("secret") && !value.to_string().contains('5'));
    }
}

//! Members of a JSON object taken one by one, so that what is left over at the end can be refused.

use serde_json::{Map, Value};

use crate::{FormatError, base64url, json};

/// An object being emptied.
pub struct Members(Map<String, Value>);

impl Members {
    /// Reads an object strictly.
    pub fn parse(part: &'static str, bytes: &[u8]) -> Result<Self, FormatError> {
        Self::of(part, json::strict(bytes)?)
    }

    pub fn of(part: &'static str, value: Value) -> Result<Self, FormatError> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(FormatError::new(part, "a JSON object")),
        }
    }

    pub fn value(&mut self, name: &'static str) -> Option<Value> {
        self.0.remove(name)
    }

    /// A text of 1 to `max` printable ASCII characters, if the member is there.
    pub fn text(&mut self, name: &'static str, max: usize) -> Result<Option<String>, FormatError> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text))
                if (1..=max).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) =>
            {
                Ok(Some(text))
            }
            Some(_) => Err(FormatError::new(name, "a short text of printable ASCII")),
        }
    }

    /// Bytes in base64url without padding, at most `max` of them, if the member is there.
    pub fn bytes(&mut self, name: &'static str, max: usize) -> Result<Option<Vec<u8>>, FormatError> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        value
            .as_str()
            .and_then(|text| base64url::decode_strict(text).ok())
            .filter(|bytes| bytes.len() <= max)
            .map(Some)
            .ok_or(FormatError::new(name, "base64url without padding, of the length that its kind allows"))
    }

    /// Exactly `N` bytes in base64url without padding.
    pub fn exactly<const N: usize>(&mut self, name: &'static str) -> Result<[u8; N], FormatError> {
        self.bytes(name, N)?
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(FormatError::new(name, "base64url without padding, of the length that its kind has"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Nothing may be left.
    pub fn end(self, part: &'static str) -> Result<(), FormatError> {
        if self.0.is_empty() { Ok(()) } else { Err(FormatError::new(part, "without members that are not used here")) }
    }
}

//! JSON as a program may trust it: one meaning for every reader (RFC 7493), and one spelling for every value (RFC
//! 8785).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::FormatError;

/// Deepest nesting of arrays and objects that is read.
pub const MAX_DEPTH: usize = 32;
/// Longest text that is read.
pub const MAX_LENGTH: usize = 16 * 1024 * 1024;
/// Largest integer that every reader holds exactly (RFC 7493, section 2.2).
const MAX_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Reads one JSON text. Refused: a member name that stands twice in one object, nesting deeper than 32, text that is
/// not UTF-8, numbers beyond 2^53 - 1, anything after the value, more than 16 MiB.
pub fn strict(bytes: &[u8]) -> Result<Value, FormatError> {
    const REFUSED: FormatError = FormatError::new(
        "the JSON text",
        "one value in UTF-8, with no member twice, at most 32 levels deep and no number beyond 2^53 - 1",
    );
    if bytes.len() > MAX_LENGTH {
        return Err(REFUSED);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| REFUSED)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0 }.deserialize(&mut reader).map_err(|_| REFUSED)?;
    reader.end().map_err(|_| REFUSED)?;
    Ok(value)
}

/// The canonical spelling of a value (RFC 8785). Refused: nothing that [`strict`] returns.
pub fn canonical(value: &Value) -> Result<Vec<u8>, FormatError> {
    let faulty = || FormatError::new("the JSON value", "finite");
    if is_plain(value) {
        return serde_json::to_vec(value).map_err(|_| faulty());
    }
    serde_json_canonicalizer::to_vec(value).map_err(|_| faulty())
}

/// Whether a plain serialiser's spelling is the canonical one: integers only, and names that sort as bytes in the order in
/// which RFC 8785 sorts them. Most values are so, and the general way takes several times as long.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => number.as_i64().is_some_and(|number| number.unsigned_abs() <= 1 << 53),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => members.iter().all(|(name, value)| name.is_ascii() && is_plain(value)),
    }
}

/// Builds a [`Value`] at some depth.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth < MAX_DEPTH { Ok(Self { depth: self.depth + 1 }) } else { Err(E::custom("depth")) }
    }
}

fn bounded<E: Error>(number: Number) -> Result<Value, E> {
    match number.as_f64() {
        Some(float) if float.abs() <= MAX_INTEGER => Ok(Value::Number(number)),
        _ => Err(E::custom("number")),
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        bounded(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        bounded(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        bounded(Number::from_f64(value).ok_or_else(|| E::custom("number"))?)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("member twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn ordinary_texts_are_read_as_usual() {
        let text = r#" {"a":[1,-2.5,"x\u00e9",null,true],"b":{"a":{}}} "#;
        assert_eq!(strict(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(strict(b"9007199254740991").unwrap(), json!(9_007_199_254_740_991u64));
    }

    #[test]
    fn what_readers_could_disagree_about_is_refused() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(strict(deep(32).as_bytes()).is_ok());
        let bad: [&[u8]; 16] = [
            br#"{"a":1,"a":1}"#,
            br#"{"a":1,"\u0061":2}"#,
            br#"[{"b":{"x":1,"x":2}}]"#,
            deep(33).leak().as_bytes(),
            deep(1_000_000).leak().as_bytes(),
            b"{} {}",
            b"{}x",
            b"",
            b"\xef\xbb\xbf{}",
            b"\"\xff\"",
            br#""\ud800""#,
            b"[1,]",
            b"NaN",
            b"9007199254740992",
            b"123456789012345678901234567890",
            b"1e400",
        ];
        for text in bad {
            assert!(strict(text).is_err(), "accepted: {}", String::from_utf8_lossy(&text[..text.len().min(40)]));
        }
    }

    #[test]
    fn rfc_8785_section_3_2_2() {
        // The RFC's example without its second number, 1E30, which is beyond 2^53 - 1.
        let text = r#"{"numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#;
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,4.5,0.002,1e-27],\
                        \"string\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(String::from_utf8(canonical(&strict(text.as_bytes()).unwrap()).unwrap()).unwrap(), expected);
        assert!(strict(b"1E30").is_err());
        // Members are sorted by UTF-16 code units (section 3.2.3): U+1F600 comes before U+FB33.
        let value = json!({ "\u{fb33}": 1, "\u{1f600}": 2, "1": 3, "\r": 4 });
        let spelled = String::from_utf8(canonical(&value).unwrap()).unwrap();
        assert_eq!(spelled, "{\"\\r\":4,\"1\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = strict(&bytes);
        }

        #[test]
        fn canonical_is_what_a_library_of_the_standard_writes(
            names in prop::collection::vec(".{0,6}", 0..6),
            texts in prop::collection::vec("(?s).{0,12}", 0..6),
            number: i64,
        ) {
            let mut members: Map<String, Value> = names.into_iter().zip(texts.into_iter().map(Value::from)).collect();
            members.insert("number".into(), (number % (1 << 54)).into());
            let value = Value::Array(vec![Value::Object(members), Value::Null, true.into()]);
            prop_assert_eq!(canonical(&value).unwrap(), serde_json_canonicalizer::to_vec(&value).unwrap());
        }

        #[test]
        fn canonical_text_is_read_as_the_same_value(text in r#"[\[\]{}",:0-9a\\ \-.e]{0,40}"#) {
            if let Ok(value) = strict(text.as_bytes()) {
                let spelled = canonical(&value).unwrap();
                let again = strict(&spelled).unwrap();
                prop_assert_eq!(canonical(&again).unwrap(), spelled);
            }
        }
    }
}

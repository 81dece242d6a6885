//! CBOR of others (RFC 8949), read into a tree: bounded in depth and length, and nothing may follow.

use ciborium::Value as Cbor;
use serde_json::Value;

use crate::FormatError;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 32;
/// Longest item that is read or written, in bytes. In the tree one byte can become more than thirty.
const LONGEST: usize = 1024 * 1024;

pub fn from_bytes(mut bytes: &[u8]) -> Result<Cbor, FormatError> {
    const REFUSED: FormatError = FormatError::new("the CBOR", "one item, at most 32 levels deep and 1 MiB long");
    if bytes.len() > LONGEST {
        return Err(REFUSED);
    }
    let value = ciborium::de::from_reader_with_recursion_limit(&mut bytes, MAX_DEPTH).map_err(|_| REFUSED)?;
    if bytes.is_empty() { Ok(value) } else { Err(REFUSED) }
}

/// Refused: what could not be read again.
pub fn to_bytes(value: &Cbor) -> Result<Vec<u8>, FormatError> {
    const REFUSED: FormatError = FormatError::new("the CBOR", "of values that can be written, at most 1 MiB");
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|_| REFUSED)?;
    if bytes.len() > LONGEST { Err(REFUSED) } else { Ok(bytes) }
}

/// A map of which each key stands once and is a number or a text.
pub struct Members(Vec<(Cbor, Cbor)>);

impl Members {
    pub fn parse(value: Cbor) -> Option<Self> {
        let members = value.into_map().ok()?;
        each_once(members.iter().map(|(key, _)| key)).then_some(Self(members))
    }

    pub fn find(&self, key: i64) -> Option<&Cbor> {
        self.0.iter().find(|(known, _)| *known == key.into()).map(|(_, value)| value)
    }

    pub fn has(&self, key: &Cbor) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }
}

/// A name as a label: a number where it is written so.
pub fn label(name: &str) -> Cbor {
    name.parse::<i64>().map_or_else(|_| Cbor::from(name), Cbor::from)
}

/// Whether no key stands twice, each being a number or a text (RFC 9052, section 1.4).
pub fn each_once<'a>(mut keys: impl Iterator<Item = &'a Cbor>) -> bool {
    let (mut numbers, mut texts) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    let new = |key: &'a Cbor| match key {
        Cbor::Integer(number) => numbers.insert(i128::from(*number)),
        Cbor::Text(text) => texts.insert(text.as_str()),
        _ => false,
    };
    keys.all(new)
}

/// JSON as CBOR: names stay texts, whole numbers become integers.
pub fn from_json(value: &Value) -> Result<Cbor, FormatError> {
    Ok(match value {
        Value::Null => Cbor::Null,
        Value::Bool(truth) => Cbor::Bool(*truth),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), _, _) => whole.into(),
            (_, Some(whole), _) => whole.into(),
            (_, _, Some(float)) => float.into(),
            _ => return Err(FormatError::new("a number", "one that CBOR has")),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => Cbor::Array(items.iter().map(from_json).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| Ok((Cbor::from(name.as_str()), from_json(value)?));
            Cbor::Map(members.iter().map(member).collect::<Result<_, FormatError>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn json_becomes_cbor() {
        let value = from_json(&json!({"a": [1, -1, 1.5, null, true, "x", u64::MAX]})).unwrap();
        let expected = b"\xa1\x61a\x87\x01\x20\xf9\x3e\x00\xf6\xf5\x61x\x1b\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(to_bytes(&value).unwrap(), expected);
        assert_eq!(from_bytes(expected).unwrap(), value);
        assert_eq!((label("-7"), label("7a")), (Cbor::from(-7), Cbor::from("7a")));
    }

    #[test]
    fn what_is_refused() {
        for bytes in [&b""[..], b"\x01\x01", b"\x81", b"\x5f", &[0x81; 40]] {
            assert!(from_bytes(bytes).is_err());
        }
        // A text with five bytes before it.
        let text = |length: usize| Cbor::from("x".repeat(length - 5));
        let longest = to_bytes(&text(LONGEST)).unwrap();
        assert_eq!((longest.len(), from_bytes(&longest).unwrap()), (LONGEST, text(LONGEST)));
        assert!(to_bytes(&text(LONGEST + 1)).is_err());
        let longer = [&b"\x7a\x00\x0f\xff\xfc"[..], &[b'x'; LONGEST - 4]].concat();
        assert!(from_bytes(&longer).is_err());
        let keys = |values: &[Cbor]| each_once(values.iter());
        assert!(keys(&[1.into(), "1".into(), 2.into()]));
        assert!(!keys(&[1.into(), 1.into()]) && !keys(&["a".into(), "a".into()]) && !keys(&[Cbor::Null]));
        let pair = |key: i64| (Cbor::from(key), Cbor::from("value"));
        let members = Members::parse(Cbor::Map(vec![pair(1), pair(2)])).unwrap();
        assert_eq!((members.find(2), members.find(3)), (Some(&"value".into()), None));
        assert!(members.has(&1.into()) && !members.has(&"1".into()));
        assert!(Members::parse(Cbor::Map(vec![pair(1), pair(1)])).is_none() && Members::parse(Cbor::Null).is_none());
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = from_bytes(&bytes);
        }
    }
}

//! The dialect's base64: base64url without padding goes out, either alphabet with or without padding comes in, and nothing at all
//! is `null` both ways.

use crate::{FormatError, base64url};

/// Bytes as base64url without padding; none where there are no bytes, which the dialect writes as `null`.
pub fn encode(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| base64url::encode(bytes))
}

/// Bytes as base64 of the standard alphabet, padded, which the dialect has in one place.
pub fn encode_standard(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

/// Reads base64url or base64, padded or not; none where the text is empty. Refused: what [`base64url::decode`] refuses.
pub fn decode(text: &str) -> Result<Option<Vec<u8>>, FormatError> {
    if text.is_empty() { Ok(None) } else { base64url::decode(text).map(Some) }
}

/// Reads a member that may be left out, as `salt` and `aad` may: absent, empty and blank are the same, and white space around it
/// does not count.
pub fn decode_optional(text: Option<&str>) -> Result<Option<Vec<u8>>, FormatError> {
    decode(text.unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_null() {
        assert_eq!(encode(&[]), None);
        assert_eq!(decode(""), Ok(None));
        for absent in [None, Some(""), Some("  "), Some("\t")] {
            assert_eq!(decode_optional(absent), Ok(None));
        }
    }

    #[test]
    fn the_standard_alphabet_is_padded() {
        assert_eq!(encode_standard(&[0xfb, 0xff, 0xbf, 0xfb]), "+/+/+w==");
    }

    #[test]
    fn four_spellings_and_no_fifth() {
        for text in ["-_-_-w", "-_-_-w==", "+/+/+w", "+/+/+w=="] {
            assert_eq!(decode(text), Ok(Some(vec![0xfb, 0xff, 0xbf, 0xfb])));
            assert_eq!(decode_optional(Some(&format!(" {text} "))), decode(text));
        }
        for text in ["-_-_-x", "-_-_-w=", "a b", " AAAA", "A", "é"] {
            assert!(decode(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 1..80)) {
            let text = encode(&bytes).unwrap();
            prop_assert!(!text.contains(['=', '+', '/']));
            prop_assert_eq!(decode(&text).unwrap().unwrap(), bytes);
        }
    }
}

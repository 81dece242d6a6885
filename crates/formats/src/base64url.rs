//! base64url without padding (RFC 4648, section 5), the form in which binary members of JSON go out.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};

use crate::FormatError;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Bytes as text.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The same, put behind what is in a text.
pub fn encode_onto(bytes: impl AsRef<[u8]>, text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Reads what a caller of the REST API may send: base64url or base64, padded or not. Refused: other characters, white
/// space, wrong padding, bits that no byte uses.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Vec::new();
    decode_onto(text, &mut bytes)?;
    Ok(bytes)
}

/// The same, put behind what is in a buffer.
pub fn decode_onto(text: impl AsRef<[u8]>, bytes: &mut Vec<u8>) -> Result<(), FormatError> {
    const REFUSED: FormatError = FormatError::new("the text", "base64url or base64");
    let text = text.as_ref();
    if text.ends_with(b"=") && !text.len().is_multiple_of(4) {
        return Err(REFUSED);
    }
    // Most texts are base64url already, and some are very long: no copy for those.
    if !text.iter().any(|byte| matches!(byte, b'+' | b'/')) {
        return LENIENT.decode_vec(text, bytes).map_err(|_| REFUSED);
    }
    let one_alphabet: Vec<u8> = text
        .iter()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    LENIENT.decode_vec(one_alphabet, bytes).map_err(|_| REFUSED)
}

/// Reads the one form that JOSE allows (RFC 7515, section 2): base64url, no padding.
pub fn decode_strict(text: impl AsRef<[u8]>) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Vec::new();
    decode_strict_onto(text, &mut bytes)?;
    Ok(bytes)
}

/// The same, put behind what is in a buffer.
pub fn decode_strict_onto(text: impl AsRef<[u8]>, bytes: &mut Vec<u8>) -> Result<(), FormatError> {
    const REFUSED: FormatError = FormatError::new("the text", "base64url without padding");
    URL_SAFE_NO_PAD.decode_vec(text, bytes).map_err(|_| REFUSED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn four_spellings_mean_one_thing() {
        for text in ["-_-_-w", "-_-_-w==", "+/+/+w", "+/+/+w=="] {
            assert_eq!(decode(text).unwrap(), [0xfb, 0xff, 0xbf, 0xfb]);
        }
        assert!(decode("").unwrap().is_empty());
        assert_eq!(decode_strict("-_-_-w").unwrap(), [0xfb, 0xff, 0xbf, 0xfb]);
        for text in ["-_-_-w==", "+/+/+w", "-_-_-x", "-_-_ -w"] {
            assert!(decode_strict(text).is_err());
        }
        for text in ["-_-_-x", "-_-_-w=", "-_-_-w===", "-", "a b", "a\nbc", "é"] {
            assert!(decode(text).is_err());
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert_eq!(&decode(&text).unwrap(), &bytes);
            prop_assert_eq!(&decode_strict(&text).unwrap(), &bytes);
        }

        #[test]
        fn no_two_strict_texts_mean_the_same(text in "[A-Za-z0-9_-]{0,12}") {
            if let Ok(bytes) = decode_strict(&text) {
                prop_assert_eq!(encode(bytes), text);
            }
        }
    }
}

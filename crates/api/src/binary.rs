//! Binary members: base64url text without padding on the way out; both alphabets, padded or not, on the way in.

use std::fmt;

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use km_domain::SecretBytes;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};
use utoipa::ToSchema;
use zeroize::Zeroizing;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);

/// Bytes that are no secret: ciphertext, signature, context, wrapped key.
#[derive(Debug, Clone, PartialEq, Eq, Default, ToSchema)]
#[schema(value_type = String, format = "base64url")]
pub struct Base64Url(pub Vec<u8>);

/// Bytes that are a secret or personal: wiped when dropped, never printed. Written out only as a member of an answer.
#[derive(Clone, ToSchema)]
#[schema(value_type = String, format = "base64url")]
pub struct Plaintext(pub SecretBytes);

impl Serialize for Base64Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text).map(|mut bytes| Self(std::mem::take(&mut *bytes)))
    }
}

impl Serialize for Plaintext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(URL.encode(self.0.expose())))
    }
}

impl<'de> Deserialize<'de> for Plaintext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text).map(|bytes| Self(bytes.into()))
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Zeroizing<Vec<u8>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64url text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let is_plain = text.bytes().any(|byte| matches!(byte, b'+' | b'/'));
        let engine = if is_plain { &PLAIN } else { &URL };
        // Room for all of it at once: growing would leave copies behind that are not wiped.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 4 * 3 + 3));
        engine.decode_vec(text, &mut bytes).map_err(|_| E::custom("must be base64url text"))?;
        Ok(bytes)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        self.visit_str(&Zeroizing::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_padded_or_not_are_read() {
        for text in ["\"-_8\"", "\"+/8\"", "\"-_8=\"", "\"+/8=\"", r#""\u002d_8""#] {
            assert_eq!(serde_json::from_str::<Base64Url>(text).unwrap(), Base64Url(vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(serde_json::to_string(&Base64Url(vec![0xfb, 0xff])).unwrap(), "\"-_8\"");
    }

    #[test]
    fn what_is_not_base64_is_refused_without_being_repeated() {
        for text in ["\"Selam!\"", "\"-/8\"", "\"A\"", "\"AB\"", "7"] {
            let error = serde_json::from_str::<Base64Url>(text).unwrap_err().to_string();
            assert!(error.contains("base64url text") && !error.contains("Selam"), "{error}");
        }
    }

    #[test]
    fn a_plaintext_goes_in_and_out() {
        let plaintext: Plaintext = serde_json::from_str("\"AQID\"").unwrap();
        assert_eq!(plaintext.0.expose(), &[1, 2, 3]);
        assert_eq!(serde_json::to_string(&plaintext).unwrap(), "\"AQID\"");
    }
}

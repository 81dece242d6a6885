//! Deterministic CBOR (RFC 8949, section 4.2.1): the arrays that the product authenticates or feeds to a MAC, which both sides
//! compute, and the few items of which a sealed value is made.

use km_domain::{FieldName, RegisterName, SecretBytes, TenantId};

const UNSIGNED: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;

/// One item of an array.
#[derive(Clone, Copy)]
pub enum Item<'a> {
    Unsigned(u64),
    Bytes(&'a [u8]),
    Text(&'a str),
}

impl Item<'_> {
    /// The item by itself.
    pub fn to_bytes(self) -> Vec<u8> {
        let length = match self {
            Item::Unsigned(_) => 0,
            Item::Bytes(bytes) => bytes.len(),
            Item::Text(text) => text.len(),
        };
        let mut out = Vec::with_capacity(length + 9);
        self.write(&mut out);
        out
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Item::Unsigned(number) => head(out, UNSIGNED, number),
            Item::Bytes(bytes) => {
                head(out, BYTES, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
            Item::Text(text) => {
                head(out, TEXT, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

/// An array of definite length.
pub fn array(items: &[Item<'_>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(192);
    head(&mut out, ARRAY, items.len() as u64);
    items.iter().for_each(|item| item.write(&mut out));
    out
}

/// Reads what was written as above, and nothing that is written otherwise. Each part is none where it does not fit.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Exactly these bytes.
    pub(crate) fn literal(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// So many bytes.
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A byte string whose length is spelt in the fewest bytes.
    pub(crate) fn byte_string(&mut self) -> Option<&'a [u8]> {
        let before = self.0;
        let code = *self.take(1)?.first()? ^ (BYTES << 5);
        let width = match code {
            0..=23 => 0,
            24 => 1,
            25 => 2,
            26 => 4,
            _ => return None,
        };
        let spelt = self.take(width)?.iter().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
        let length = if width == 0 { u64::from(code) } else { spelt };
        let mut shortest = Vec::with_capacity(9);
        head(&mut shortest, BYTES, length);
        before.strip_prefix(shortest.as_slice())?;
        self.take(usize::try_from(length).ok()?)
    }

    /// Nothing is left.
    pub(crate) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// What an index term is the MAC of: `["sealkeep/term/1", tenant, register, field, kind, normaliser version, value]`,
/// the value as a byte string.
///
/// `kind` says how the index matches, as the register definition names it. The result contains the personal value.
pub fn index_term_input(
    tenant: &TenantId,
    register: &RegisterName,
    field: &FieldName,
    kind: &str,
    normaliser_version: u32,
    value: &[u8],
) -> SecretBytes {
    SecretBytes::new(array(&[
        Item::Text("sealkeep/term/1"),
        Item::Text(tenant.as_str()),
        Item::Text(register.as_str()),
        Item::Text(field.as_str()),
        Item::Text(kind),
        Item::Unsigned(u64::from(normaliser_version)),
        Item::Bytes(value),
    ]))
}

/// Major type and argument in the fewest bytes (RFC 8949, section 4.2.1, first rule).
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    let bytes = argument.to_be_bytes();
    let [.., last] = bytes;
    let (code, width) = match argument {
        0..=23 => return out.push(major | last),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(major | code);
    out.extend(bytes.into_iter().skip(8 - width));
}

#[cfg(test)]
mod tests {
    use coset::cbor::value::Value;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_examples() {
        // RFC 8949, appendix A.
        let cases: [(u64, &[u8]); 9] = [
            (0, &[0x00]),
            (23, &[0x17]),
            (24, &[0x18, 0x18]),
            (100, &[0x18, 0x64]),
            (1000, &[0x19, 0x03, 0xe8]),
            (1_000_000, &[0x1a, 0x00, 0x0f, 0x42, 0x40]),
            (1_000_000_000_000, &[0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00]),
            (u64::MAX, &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            (255, &[0x18, 0xff]),
        ];
        for (number, expected) in cases {
            assert_eq!(array(&[Item::Unsigned(number)])[1..], *expected);
        }
        assert_eq!(array(&[]), [0x80]);
        assert_eq!(array(&[Item::Text("IETF")]), [0x81, 0x64, 0x49, 0x45, 0x54, 0x46]);
        assert_eq!(array(&[Item::Bytes(&[1, 2, 3, 4])]), [0x81, 0x44, 1, 2, 3, 4]);
    }

    /// An index must be found for ever. The input was computed from the format's description by another program.
    #[test]
    fn a_term_input_is_what_the_format_says() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/index-term.json")).unwrap();
        let text = |name: &str| golden[name].as_str().unwrap();
        let input = index_term_input(
            &text("tenant").parse().unwrap(),
            &text("register").parse().unwrap(),
            &text("field").parse().unwrap(),
            text("kind"),
            u32::try_from(golden["normaliser_version"].as_u64().unwrap()).unwrap(),
            text("value").as_bytes(),
        );
        let hex: String = input.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, text("input"));
    }

    proptest! {
        #[test]
        fn an_independent_reader_agrees(number: u64, bytes: Vec<u8>, text: String) {
            let written = array(&[Item::Unsigned(number), Item::Bytes(&bytes), Item::Text(&text)]);
            let value = Value::Array(vec![number.into(), Value::Bytes(bytes), Value::Text(text)]);
            let mut expected = Vec::new();
            coset::cbor::ser::into_writer(&value, &mut expected).unwrap();
            prop_assert_eq!(written, expected);
        }
    }
}

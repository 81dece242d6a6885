//! What is hashed into the dialect's names of keys, and how they are spelt. The hashing itself is in `envelope`, which has hashes.

use km_domain::Timestamp;

/// What a key's unique identifier is the SHA-1 of: `APP_REF_MM-dd-yyyy`, the day in UTC.
///
/// That names one key per application, reference and day. `suffix` is empty for it; from the second key of a day on it is the
/// key's alias, which the dialect's own server appends where it fills such rows in.
pub fn dated(application: &str, reference: &str, day: Timestamp, suffix: &str) -> String {
    let day = day.calendar();
    let (month, of_month, year) = (u8::from(day.month()), day.day(), day.year());
    format!("{application}_{reference}_{month:02}-{of_month:02}-{year:04}{suffix}")
}

/// What the unique identifier of another party's certificate is the SHA-1 of: `APP_REF_THUMBPRINT`.
pub fn foreign(application: &str, reference: &str, thumbprint: &[u8; 32]) -> String {
    format!("{application}_{reference}_{}", upper_hex(thumbprint))
}

/// Hexadecimal in capitals: unique identifiers, SHA-256 thumbprints of key rows, token ids on their way.
pub fn upper_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Hexadecimal in small letters: SHA-1 thumbprints of trust stores, signed COSE messages.
pub fn lower_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from hexadecimal, in either case. None: another character, half a byte.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        Timestamp::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn the_specifications_texts() {
        let day = moment("2025-01-15T23:59:59.999999Z");
        assert_eq!(dated("OPENG2P", "", day, ""), "OPENG2P__01-15-2025");
        assert_eq!(dated("OPENG2P", "ENCRYPT", day, ""), "OPENG2P_ENCRYPT_01-15-2025");
        assert_eq!(dated("ROOT", "", moment("2025-12-31T00:00:00Z"), "x"), "ROOT__12-31-2025x");
        assert_eq!(foreign("PARTNER", "P1", &[0xab; 32]), format!("PARTNER_P1_{}", "AB".repeat(32)));
    }

    #[test]
    fn hexadecimal() {
        assert_eq!((upper_hex(&[0, 0xfe]), lower_hex(&[0, 0xfe])), ("00FE".into(), "00fe".into()));
        assert_eq!(from_hex("00fEFe"), Some(vec![0, 0xfe, 0xfe]));
        assert_eq!(from_hex(""), Some(vec![]));
        for bad in ["0", "0g", "+1", " 0", "éa", "0x00"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}

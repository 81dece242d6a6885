//! The dialect's times: written in one of two forms, always UTC; read in every form that its clients have.

use km_domain::Timestamp;

use crate::FormatError;

/// `yyyy-MM-dd'T'HH:mm:ss.SSS'Z'`: the envelope's `responsetime`, dates of certificates and keys.
pub fn with_zone(moment: Timestamp) -> String {
    format!("{}.{:03}Z", seconds(moment), micros(moment) / 1000)
}

/// The same moment without a zone: `timestamp` in most answers. Always with six digits of fraction, which every reader takes; some
/// older ones take three or six only.
pub fn without_zone(moment: Timestamp) -> String {
    format!("{}.{:06}", seconds(moment), micros(moment))
}

/// Reads a local date and time, taken as UTC: seconds and a fraction of up to nine digits may be missing, a `Z` may stand at the
/// end. Digits beyond microseconds are dropped. Refused: any other form, another zone, a day or an hour that does not exist.
pub fn parse(text: &str) -> Result<Timestamp, FormatError> {
    const REFUSED: FormatError =
        FormatError::new("the time", "of the form 2025-01-15T09:30:00.000Z, the zone left out or Z");
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole = match whole.len() {
        19 => whole.to_owned(),
        16 if !text.contains('.') => format!("{whole}:00"),
        _ => return Err(REFUSED),
    };
    if !(1..=9).contains(&fraction.len()) || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(REFUSED);
    }
    if whole.ends_with(":60") || whole.as_bytes().get(10) != Some(&b'T') {
        return Err(REFUSED);
    }
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Timestamp::try_from(format!("{whole}.{micros}Z")).map_err(|_| REFUSED)
}

fn seconds(moment: Timestamp) -> String {
    let at = moment.calendar();
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

fn micros(moment: Timestamp) -> i64 {
    moment.micros().rem_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn two_forms_go_out() {
        let moment = at("2025-12-23T10:15:30.123456Z");
        assert_eq!(with_zone(moment), "2025-12-23T10:15:30.123Z");
        assert_eq!(without_zone(moment), "2025-12-23T10:15:30.123456");
        assert_eq!(with_zone(at("2025-01-02T03:04:05Z")), "2025-01-02T03:04:05.000Z");
        assert_eq!(without_zone(at("1969-12-31T23:59:59.5Z")), "1969-12-31T23:59:59.500000");
    }

    #[test]
    fn every_form_of_the_clients_comes_in() {
        let cases = [
            ("2025-12-23T10:15:30.123Z", "2025-12-23T10:15:30.123Z"),
            ("2025-12-23T10:15:30.123", "2025-12-23T10:15:30.123Z"),
            ("2025-12-23T10:15:30Z", "2025-12-23T10:15:30Z"),
            ("2025-12-23T10:15:30", "2025-12-23T10:15:30Z"),
            ("2025-12-23T10:15", "2025-12-23T10:15:00Z"),
            ("2025-12-23T10:15Z", "2025-12-23T10:15:00Z"),
            ("2025-12-23T10:15:30.1", "2025-12-23T10:15:30.1Z"),
            ("2025-12-23T10:15:30.123456789", "2025-12-23T10:15:30.123456Z"),
            ("2024-02-29T00:00:00.000Z", "2024-02-29T00:00:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Ok(at(expected)), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let bad = [
            "",
            "Z",
            "2025-12-23",
            "10:15:30",
            "2025-12-23 10:15:30",
            "2025-12-23T10:15:30+05:30",
            "2025-12-23T10:15:30ZZ",
            "2025-12-23T10:15:30.Z",
            "2025-12-23T10:15:30.1234567890",
            "2025-12-23T10:15:30.12a",
            "2025-12-23T10:15.5",
            "2025-13-23T10:15:30",
            "2025-02-29T10:15:30",
            "2025-12-23T24:15:30",
            "2025-12-23T10:60:30",
            "2025-12-23T10:15:60",
            "2025-12-23t10:15:30",
            "+2025-12-23T10:15:30",
            "25-12-23T10:15:30",
            "2025-12-23T10:15:3é",
            "string",
        ];
        for text in bad {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_goes_out_comes_in(seconds in -62_135_596_800_i64..253_402_300_800, micros in 0..1_000_000_i64) {
            let moment = Timestamp::from_micros(seconds * 1_000_000 + micros);
            prop_assert_eq!(parse(&without_zone(moment)), Ok(moment));
            prop_assert_eq!(parse(&with_zone(moment)).unwrap().micros(), moment.micros().div_euclid(1000) * 1000);
        }

        #[test]
        fn never_panics(text in "\\PC{0,30}") {
            let _ = parse(&text);
        }
    }
}

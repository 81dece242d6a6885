//! Certificates with absurd names: what no register of partners can show, compare or store. Looked at before a stranger's certificate
//! is taken in, so that whoever reads a list of partners sees what was signed.

use crate::{Certificate, X509Error};

/// Longest certificate that is taken in, in bytes.
const LONGEST: usize = 16 * 1024;
/// Longest name as text, in characters: MOSIP's own columns.
const LONGEST_NAME: usize = 500;
/// Longest part of a name, in characters. X.520 has 64 for most; authorities go beyond.
const LONGEST_PART: usize = 128;
/// Longest serial number, in bytes (RFC 5280, section 4.1.2.2).
const LONGEST_SERIAL: usize = 20;

/// Whether names and numbers of a certificate are those of a sane one.
///
/// Refused: more than 16 KiB; no subject or issuer; names of more than 500 characters, parts of more than 128; control characters, and
/// those that turn the direction of writing or are not to be seen; a country that has not two letters; a serial number of more than
/// 20 bytes; no time between its beginning and its end.
pub fn check(certificate: &Certificate) -> Result<(), X509Error> {
    let named = [&certificate.subject, &certificate.issuer];
    let parts = [
        &certificate.common_name,
        &certificate.organization,
        &certificate.organizational_unit,
        &certificate.locality,
        &certificate.state,
        &certificate.country,
    ];
    let parts = || parts.iter().filter_map(|part| part.as_deref());
    let is_country = |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let rules = [
        (certificate.der.len() <= LONGEST, "the length of the certificate"),
        (named.iter().all(|name| !name.trim().is_empty()), "an empty subject or issuer"),
        (named.iter().all(|name| name.chars().count() <= LONGEST_NAME), "the length of a name"),
        (parts().all(|part| part.chars().count() <= LONGEST_PART), "the length of a part of the subject"),
        (named.iter().all(|name| !name.chars().any(is_hidden)), "a hidden character in a name"),
        (parts().all(|part| !part.chars().any(is_hidden)), "a hidden character in the subject"),
        (certificate.country.as_ref().is_none_or(is_country), "a country of other than two letters"),
        (certificate.serial.len() <= LONGEST_SERIAL, "the length of the serial number"),
        (certificate.not_before.seconds() < certificate.not_after.seconds(), "a validity that ends before it begins"),
    ];
    rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, rule)| Err(X509Error::Absurd(rule)))
}

/// Characters that do not stand where they seem to, or do not show: control characters, zero-width ones, those of direction
/// (UAX #9), the byte order mark and tags.
fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_names_are_refused_and_say_why() {
        let fixture: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/mosip/trust.json")).unwrap();
        let good = Certificate::from_pem(fixture["cases"][0]["leaf"].as_str().unwrap()).unwrap();
        assert_eq!(check(&good), Ok(()));
        let with = |change: fn(&mut Certificate)| {
            let mut certificate = good.clone();
            change(&mut certificate);
            check(&certificate)
        };
        let absurd: [fn(&mut Certificate); 11] = [
            |certificate| certificate.subject = " ".into(),
            |certificate| certificate.issuer = "x".repeat(501),
            |certificate| certificate.organization = Some("x".repeat(129)),
            |certificate| certificate.subject = "CN=a\u{0}b".into(),
            |certificate| certificate.subject = "CN=bank\u{202e}knab".into(),
            |certificate| certificate.common_name = Some("a\u{200b}b".into()),
            |certificate| certificate.common_name = Some("a\nb".into()),
            |certificate| certificate.country = Some("ETH".into()),
            |certificate| certificate.serial = vec![1; 21],
            |certificate| certificate.not_after = certificate.not_before,
            |certificate| certificate.der = vec![0; 16 * 1024 + 1],
        ];
        for change in absurd {
            assert!(matches!(with(change), Err(X509Error::Absurd(_))));
        }
        let sane: [fn(&mut Certificate); 3] = [
            |certificate| certificate.organization = Some("የኢትዮጵያ ብሔራዊ መታወቂያ".into()),
            |certificate| certificate.organization = Some("هيئة".into()),
            |certificate| certificate.country = None,
        ];
        for change in sane {
            assert_eq!(with(change), Ok(()));
        }
    }
}

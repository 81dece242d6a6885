//! `/tokenid`: a number that stands for a person with one partner.

use km_crypto::digest::sha256;
use km_domain::SecretText;
use km_formats::mosip::{identifiers::upper_hex, token_id::first_digits};

/// What is mixed into token ids. Whoever has both salts can try numbers until one fits.
pub struct Salts {
    pub uin: SecretText,
    pub partner_code: SecretText,
}

/// The first `length` digits of the token id of a person's number with a partner.
pub fn token_id(uin: &SecretText, partner_code: &str, salts: &Salts, length: usize) -> String {
    let of_person = twice(&[uin.expose(), salts.uin.expose()]);
    let of_both = twice(&[salts.partner_code.expose(), partner_code, of_person.expose()]);
    first_digits(of_both.expose(), length)
}

/// SHA-256 of the SHA-256 of the texts, one after the other, in hexadecimal capitals.
fn twice(texts: &[&str]) -> SecretText {
    let text = SecretText::new(texts.concat());
    SecretText::new(upper_hex(&sha256(&sha256(text.expose().as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosip::fixture::{self, text};

    fn of(uin: &str, partner: &str, uin_salt: &str, partner_salt: &str) -> String {
        let [uin, uin_salt, partner_salt] = [uin, uin_salt, partner_salt].map(|text| SecretText::new(text.to_owned()));
        token_id(&uin, partner, &Salts { uin: uin_salt, partner_code: partner_salt }, 36)
    }

    #[test]
    fn the_specifications_vector() {
        assert_eq!(of("1234567890", "PARTNER1", "uinsalt", "pcsalt"), "262959650380885338298741900187359636");
    }

    #[test]
    fn what_another_program_computed() {
        let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/token_ids.json"));
        let mut seen = std::collections::BTreeSet::new();
        for case in fixture::cases(&fixture) {
            let [uin, partner] = [text(case, "uin"), text(case, "partner")];
            let digits = of(uin, partner, text(case, "uin_salt"), text(case, "partner_salt"));
            assert_eq!(digits, text(case, "token_id"));
            seen.insert(digits);
        }
        assert!(seen.len() >= 20);
    }
}

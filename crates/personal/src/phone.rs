//! Phone numbers in the international form of ITU-T E.164.

use km_domain::register::PhoneRule;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    digits,
    normalise::{buffer, is_ignorable, is_separator},
};

/// E.164, section 6.1: a number has at most 15 digits, the country's included.
const MAX_DIGITS: usize = 15;
const MIN_DIGITS: usize = 7;
/// A number without `+` that is this much longer than the country's code and begins with it carries its country already.
const NATIONAL_DIGITS: usize = 8;

/// `+` and digits. Without `+` or `00` the number is national and gets the country of the rule.
pub(crate) fn normalise(rule: &PhoneRule, text: &str) -> Result<Zeroizing<String>, &'static str> {
    const RULE: &str = "must be a phone number of 7 to 15 digits";
    let mut written = buffer(text.len());
    let dropped = |c: char| is_ignorable(c) || is_separator(c) || c.is_whitespace();
    written.extend(text.nfkc().filter(|c| !dropped(*c)).map(digits::to_ascii));
    let international = written.starts_with('+') || written.starts_with("00");
    let digits = written.trim_start_matches('+');
    let digits = if written.starts_with("00") { digits.get(2..).unwrap_or_default() } else { digits };
    // "+251 (0)911…": the trunk prefix in parentheses is not dialled from abroad.
    let digits = Zeroizing::new(if international { digits.replacen("(0)", "", 1) } else { digits.to_owned() });
    let mut normal = buffer(MAX_DIGITS + 1);
    normal.push('+');
    normal.extend(digits.chars().filter(|c| !matches!(c, '(' | ')')));
    if normal.len() < 2 || !normal.bytes().skip(1).all(|b| b.is_ascii_digit()) {
        return Err(RULE);
    }
    if !international {
        normal = national(rule, normal.get(1..).unwrap_or_default())?;
    }
    let length = normal.len() - 1;
    let country_is_plausible = !normal.starts_with("+0");
    if country_is_plausible && (MIN_DIGITS..=MAX_DIGITS).contains(&length) { Ok(normal) } else { Err(RULE) }
}

fn national(rule: &PhoneRule, digits: &str) -> Result<Zeroizing<String>, &'static str> {
    if rule.calling_code.is_empty() {
        return Err("must begin with + and the country");
    }
    let mut normal = buffer(MAX_DIGITS + 1);
    normal.push('+');
    if !digits.starts_with(&rule.calling_code) || digits.len() < rule.calling_code.len() + NATIONAL_DIGITS {
        normal.push_str(&rule.calling_code);
        normal.push_str(digits.strip_prefix(rule.trunk_prefix.as_str()).unwrap_or(digits));
    } else {
        normal.push_str(digits);
    }
    Ok(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ethiopia() -> PhoneRule {
        PhoneRule { calling_code: "251".into(), trunk_prefix: "0".into() }
    }

    #[test]
    fn spellings_of_one_number_are_one() {
        for spelling in [
            "+251 911 234 567",
            "00251911234567",
            "0911-234-567",
            "911234567",
            "251911234567",
            "+251 (0)911 234567",
            "(0911) 234.567",
            "٠٩١١٢٣٤٥٦٧",
            "＋۲۵۱۹۱۱۲۳۴۵۶۷",
            "०९११२३४५६७",
            "+251\u{00A0}911\u{202F}234\u{2011}567",
        ] {
            assert_eq!(normalise(&ethiopia(), spelling).unwrap().as_str(), "+251911234567", "{spelling}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in ["", "+", "12", "phone", "+251 911 234 567 890 123", "+0911234567", "0911x234567", "++251911234567x"]
        {
            assert!(normalise(&ethiopia(), bad).is_err(), "accepted {bad}");
        }
        assert!(normalise(&PhoneRule::default(), "0911234567").is_err());
        assert!(normalise(&PhoneRule::default(), "+251911234567").is_ok());
    }
}

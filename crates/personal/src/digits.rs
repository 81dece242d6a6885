//! Decimal digits of all scripts.

/// The zeros of every set of decimal digits (general category Nd) of Unicode 16; each is followed by its nine others.
/// Ethiopic numerals are no decimal digits (category No) and stay as they are.
#[rustfmt::skip]
const ZEROS: [u32; 76] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0,
    0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0,
    0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
];

/// The ASCII digit for a decimal digit of any script; every other character as it is.
pub(crate) fn to_ascii(character: char) -> char {
    let code = u32::from(character);
    let set = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1).and_then(|at| ZEROS.get(at));
    match set.map(|zero| code - zero) {
        Some(digit @ 0..=9) => char::from_digit(digit, 10).unwrap_or(character),
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_all_scripts_become_ascii() {
        for text in ["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "০১২৩৪৫৬৭৮৯", "០១២៣៤៥៦៧៨៩", "໐໑໒໓໔໕໖໗໘໙", "0123456789"]
        {
            assert_eq!(text.chars().map(to_ascii).collect::<String>(), "0123456789");
        }
        assert!(ZEROS.is_sorted());
    }

    #[test]
    fn other_characters_stay() {
        for character in ['a', '፩', '፲', 'አ', '²', '/', ':', '\u{065f}', '\u{066a}'] {
            assert_eq!(to_ascii(character), character);
        }
    }
}

//! A token id's digits: the first digits of the decimal number that a hash's hexadecimal text is, its characters read as one
//! big-endian number.

/// Nine decimal digits fit into a limb.
const LIMB: u64 = 1_000_000_000;

/// The first `length` digits of the number that `text`'s bytes form. Shorter where the number has fewer.
pub fn first_digits(text: &str, length: usize) -> String {
    // Limbs of nine digits, the least first.
    let mut limbs: Vec<u64> = Vec::new();
    for byte in text.bytes() {
        let mut carry = u64::from(byte);
        for limb in &mut limbs {
            let sum = (*limb << 8) + carry;
            *limb = sum % LIMB;
            carry = sum / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let digits: String = limbs.iter().rev().map(|limb| format!("{limb:09}")).collect();
    digits.trim_start_matches('0').chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_vector() {
        let hash = "25310CD0ED48145E60E3C95433B38DB2CA0F3A65D5ED9855D1EB374DDA504224";
        assert_eq!(first_digits(hash, 36), "262959650380885338298741900187359636");
        assert_eq!(first_digits(hash, 4), "2629");
    }

    #[test]
    fn small_numbers() {
        assert_eq!(first_digits("", 5), "");
        assert_eq!(first_digits("A", 5), "65");
        assert_eq!(first_digits("AA", 5), "16705");
        assert_eq!(first_digits("AA", 3), "167");
        // 256^8.
        assert_eq!(first_digits("\u{1}\0\0\0\0\0\0\0\0", 99), "18446744073709551616");
    }
}

//! Comparison whose duration does not depend on where two secrets differ.

use subtle::ConstantTimeEq;

/// Whether two byte strings are equal. Only their lengths can be learnt from the duration.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn equal_means_equal() {
        assert!(equal(b"", b"") && equal(b"abc", b"abc"));
        assert!(!equal(b"abc", b"abd") && !equal(b"abc", b"ab") && !equal(b"", b"a"));
    }
}

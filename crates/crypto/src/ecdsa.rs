//! The two forms of an ECDSA signature: r and s of fixed length, as JOSE and the key store write it (RFC 7518, section
//! 3.4), and DER, as certificates, CMS and checkpoints write it (RFC 3279, section 2.2.3).

use crate::{Unspecified, der};

/// From fixed length to DER. The length must be even; both halves are unsigned numbers.
pub fn ecdsa_der(fixed: &[u8]) -> Vec<u8> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    der::element(der::SEQUENCE, &[der::unsigned(r), der::unsigned(s)].concat())
}

/// From DER to fixed length. `size` is the length of one number: 32 for P-256, 48 for P-384. Refused: anything but two
/// positive numbers in strict DER that fit.
pub fn ecdsa_fixed(signature: &[u8], size: usize) -> Result<Vec<u8>, Unspecified> {
    let mut outer = der::Reader::new(signature);
    let mut inner = der::Reader::new(outer.read(der::SEQUENCE)?);
    outer.end()?;
    let mut fixed = Vec::with_capacity(2 * size);
    for number in [inner.read_positive()?, inner.read_positive()?] {
        let padding = size.checked_sub(number.len()).ok_or(Unspecified)?;
        fixed.resize(fixed.len() + padding, 0);
        fixed.extend_from_slice(number);
    }
    inner.end()?;
    Ok(fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let mut fixed = [0u8; 64];
        (fixed[3], fixed[31], fixed[32], fixed[63]) = (0x80, 1, 0xff, 2);
        let written = ecdsa_der(&fixed);
        assert_eq!(ecdsa_fixed(&written, 32).unwrap(), fixed);
        assert_eq!(ecdsa_fixed(&written, 48).unwrap().len(), 96);
        assert!(ecdsa_fixed(&written, 31).is_err(), "a number that does not fit");
        assert!(ecdsa_fixed(&[&written[..], &[0]].concat(), 32).is_err(), "trailing bytes");
        for end in 0..written.len() {
            assert!(ecdsa_fixed(&written[..end], 32).is_err());
        }
    }
}

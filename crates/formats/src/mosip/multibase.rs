//! base58btc with its multibase prefix `z` (draft-multiformats-multibase): how `/signV2` writes signatures by default.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// `z` and the bytes in base58: one `1` for each leading zero byte, then the number that the rest forms. The work grows with the square
/// of the length; signatures are short.
pub fn base58btc(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    // Digits, the least first.
    let mut digits: Vec<u8> = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let sum = (u32::from(*digit) << 8) + carry;
            *digit = u8::try_from(sum % 58).unwrap_or_default();
            carry = sum / 58;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 58).unwrap_or_default());
            carry /= 58;
        }
    }
    let letter = |digit: u8| ALPHABET.get(usize::from(digit)).copied().map(char::from).unwrap_or_default();
    std::iter::once('z').chain(std::iter::repeat_n('1', zeros)).chain(digits.into_iter().rev().map(letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples() {
        // draft-multiformats-multibase, appendix B, and draft-msporny-base58, section 5.
        assert_eq!(base58btc(b"yes mani !"), "z7paNL19xttacUY");
        assert_eq!(base58btc(b"Hello World!"), "z2NEpo7TZRRrLZSi2U");
        let fox = b"The quick brown fox jumps over the lazy dog.";
        assert_eq!(base58btc(fox), "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z");
        assert_eq!(base58btc(&[0, 0, 0x28, 0x7f, 0xb4, 0xcd]), "z11233QC4");
        assert_eq!(base58btc(b""), "z");
        assert_eq!(base58btc(&[0]), "z1");
    }
}

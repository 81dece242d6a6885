//! Digests as events hold them.

/// The SHA-256 of these bytes in lower-case hexadecimal, as `sha256sum` prints it.
pub fn hex_sha256(bytes: &[u8]) -> String {
    hex(&km_crypto::digest::sha256(bytes))
}

/// These bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' - 10 + value });
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn fips_180_4_example() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::hex_sha256(b"abc"), expected);
    }
}

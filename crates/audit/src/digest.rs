//! Digests as events hold them.

/// The SHA-256 of these bytes in lower-case hexadecimal, as `sha256sum` prints it.
pub fn hex_sha256(bytes: &[u8]) -> String {
    km_crypto::digest::sha256(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn fips_180_4_example() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::hex_sha256(b"abc"), expected);
    }
}

//! DEFLATE (RFC 1951), as `zip` of a JWE names it (RFC 7516, section 4.1.3).

use miniz_oxide::{deflate, inflate};

use crate::FormatError;

/// The default of the zlib library: a good size for moderate work.
const LEVEL: u8 = 6;

/// Compressed bytes, without header or checksum.
pub fn compress(bytes: &[u8]) -> Vec<u8> {
    deflate::compress_to_vec(bytes, LEVEL)
}

/// What was compressed. Refused: other bytes, and what would become more than `most` bytes, before it does.
pub fn expand(bytes: &[u8], most: usize) -> Result<Vec<u8>, FormatError> {
    inflate::decompress_to_vec_with_limit(bytes, most)
        .map_err(|_| FormatError::new("the compressed text", "DEFLATE, and not too long when it is expanded"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn little_that_becomes_much_is_refused() {
        let bomb = compress(&vec![b'a'; 16 << 20]);
        assert!(bomb.len() < 32 * 1024);
        assert!(expand(&bomb, (16 << 20) - 1).is_err());
        assert_eq!(expand(&bomb, 16 << 20).unwrap().len(), 16 << 20);
    }

    #[test]
    fn another_programs_bytes() {
        // Python: zlib.compressobj(wbits=-15).
        assert_eq!(
            expand(&[0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x27, 0x01], 99).unwrap(),
            b"hello hello hello hello"
        );
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(expand(&compress(&bytes), bytes.len().max(1)).unwrap(), bytes);
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = expand(&bytes, 4096);
        }
    }
}

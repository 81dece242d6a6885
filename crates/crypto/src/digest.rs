//! SHA-2 and HMAC (FIPS 180-4, FIPS 198-1).

use ring::{digest, hmac};

/// SHA-256 of one byte string.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha256_parts(&[bytes])
}

/// SHA-256 of byte strings, one after the other. Nothing separates the parts: the caller fixes their lengths.
pub fn sha256_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finish()
}

/// SHA-384 of one byte string.
pub fn sha384(bytes: &[u8]) -> [u8; 48] {
    fixed(digest::digest(&digest::SHA384, bytes).as_ref())
}

/// SHA-1 of one byte string: no proof of anything any more, and here only because others' identifiers are made with it.
pub fn sha1_of_an_identifier(bytes: &[u8]) -> [u8; 20] {
    fixed(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

/// SHA-1 of byte strings, one after the other, where it only spreads a mask and nothing rests on its being hard to collide.
pub(crate) fn sha1_of_a_mask(parts: &[&[u8]]) -> [u8; 20] {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    parts.iter().for_each(|part| context.update(part));
    fixed(context.finish().as_ref())
}

/// HMAC-SHA-256 with a short-lived key. Compare the result with [`crate::constant_time::equal`].
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    hmac_sha256_parts(key, &[message])
}

/// HMAC-SHA-256 of byte strings, one after the other.
pub(crate) fn hmac_sha256_parts(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    parts.iter().for_each(|part| context.update(part));
    fixed(context.sign().as_ref())
}

/// SHA-256 over a stream.
pub struct Sha256(digest::Context);

impl Sha256 {
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> [u8; 32] {
        fixed(self.0.finish().as_ref())
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

/// The library's outputs have the length of their algorithm, which is `N`.
fn fixed<const N: usize>(output: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.iter_mut().zip(output).for_each(|(to, from)| *to = *from);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_vectors::hex;

    #[test]
    fn published_digests() {
        // FIPS 180-4 examples: "abc".
        let abc256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc").as_slice(), hex(abc256));
        assert_eq!(sha256_parts(&[b"a", b"", b"bc"]).as_slice(), hex(abc256));
        let abc1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
        assert_eq!(sha1_of_an_identifier(b"abc").as_slice(), hex(abc1));
        let abc384 = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7";
        assert_eq!(sha384(b"abc").as_slice(), hex(abc384));
    }

    #[test]
    fn published_mac() {
        // RFC 4231, section 4.3 (test case 2).
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac_sha256(b"Jefe", b"what do ya want for nothing?").as_slice(), hex(expected));
    }
}

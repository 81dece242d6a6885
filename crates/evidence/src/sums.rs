//! `SHA256SUMS`, in the form that `sha256sum --check --strict` reads: digest, two spaces, name, newline.

use std::collections::BTreeMap;

use km_crypto::digest::sha256;

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text for these files, in the order given.
pub fn text<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    files.map(|(name, contents)| format!("{}  {name}\n", hex(&sha256(contents)))).collect()
}

/// Name to digest. None for anything but the form above, and for a name given twice.
pub fn parse(text: &str) -> Option<BTreeMap<&str, &str>> {
    let mut sums = BTreeMap::new();
    for line in text.strip_suffix('\n')?.split('\n') {
        let (digest, name) = line.split_once("  ")?;
        let is_digest = digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_digest || name.is_empty() || sums.insert(name, digest).is_some() {
            return None;
        }
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let written = text([("a", b"x".as_slice()), ("b/c", b"")].into_iter());
        let read = parse(&written).unwrap();
        assert_eq!(read["b/c"], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(parse(&format!("{written}{written}")).is_none(), "a name twice");
        assert!(parse(&written.to_uppercase()).is_none());
        assert!(parse(written.trim_end()).is_none());
        assert!(parse("").is_none());
    }
}

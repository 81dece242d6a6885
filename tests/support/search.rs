//! The canary search: which of many values stand in bytes, whatever form a program may have left them in. One pass for
//! all.

use std::collections::BTreeSet;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// How much of a file is in memory at once.
const PART: usize = 16 * 1024 * 1024;

/// Many values to look for.
pub struct Search {
    automaton: AhoCorasick,
    /// What each pattern stands for.
    meanings: Vec<String>,
    longest: usize,
}

impl Search {
    /// Texts, as UTF-8 only.
    pub fn plain<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(texts.into_iter().map(|text| (text.to_owned(), text.as_bytes().to_vec())))
    }

    /// Texts in UTF-8, UTF-16 of both orders, hexadecimal and base64.
    pub fn in_every_form<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let forms = |text: &str| {
            let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
            let mut forms = forms_of(text, text.as_bytes());
            forms.push((format!("{text} in UTF-16LE"), utf16(u16::to_le_bytes)));
            forms.push((format!("{text} in UTF-16BE"), utf16(u16::to_be_bytes)));
            forms
        };
        Self::of(texts.into_iter().flat_map(forms))
    }

    /// Bytes under a name that may be shown: as they are, in hexadecimal and base64.
    pub fn bytes(name: &str, bytes: &[u8]) -> Self {
        Self::of(forms_of(name, bytes))
    }

    fn of(patterns: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let (meanings, patterns): (Vec<_>, Vec<_>) = patterns.into_iter().unzip();
        // A short pattern would be found everywhere.
        assert!(patterns.iter().all(|pattern| pattern.len() >= 4), "a value is too short to be searched for");
        let longest = patterns.iter().map(Vec::len).max().unwrap_or_default();
        Self { automaton: AhoCorasick::new(patterns).expect("patterns that fit"), meanings, longest }
    }

    /// What is found, each with its form.
    pub fn found_in(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let found = self.automaton.find_overlapping_iter(bytes);
        found.map(|found| self.meanings[found.pattern().as_usize()].as_str()).collect()
    }

    /// What is found in a file. A file that is gone meanwhile holds nothing.
    pub fn found_in_file(&self, path: &Path) -> BTreeSet<&str> {
        use std::io::Read;
        let (mut found, mut part) = (BTreeSet::new(), Vec::new());
        let Ok(mut file) = std::fs::File::open(path) else { return found };
        loop {
            // The end of the part before, where a value may have begun.
            part.drain(..part.len().saturating_sub(self.longest));
            let read = file.by_ref().take(PART as u64).read_to_end(&mut part).unwrap_or_default();
            found.extend(self.found_in(&part));
            if read == 0 {
                return found;
            }
        }
    }

    /// What is found in any of these files.
    pub fn found_in_files(&self, paths: &[impl AsRef<Path>]) -> BTreeSet<&str> {
        paths.iter().flat_map(|path| self.found_in_file(path.as_ref())).collect()
    }
}

/// The bytes, and what hexadecimal and base64 of something around them look like where they are.
fn forms_of(name: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        (name.to_owned(), bytes.to_vec()),
        (format!("{name} in hexadecimal"), hex.to_uppercase().into_bytes()),
        (format!("{name} in hexadecimal"), hex.into_bytes()),
    ];
    for shift in 0..3 {
        let text = base64_at(shift, bytes);
        forms.push((format!("{name} in base64url"), text.replace('+', "-").replace('/', "_").into_bytes()));
        forms.push((format!("{name} in base64"), text.into_bytes()));
    }
    forms
}

/// Base64 of the bytes after so many others, without the letters that depend on bytes before and after.
fn base64_at(shift: usize, bytes: &[u8]) -> String {
    let text = STANDARD_NO_PAD.encode([vec![0; shift], bytes.to_vec()].concat());
    text[(shift * 8).div_ceil(6)..(shift + bytes.len()) * 8 / 6].to_owned()
}

#[test]
fn every_form_is_found_in_whatever_surrounds_it() {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let value = "Ḥalīma~~?ናሪ>>Qanarivk";
    let search = Search::in_every_form([value]);
    assert!(search.found_in(b"nothing of it, only Qanarivk and halima").is_empty());
    for before in ["", "a", "ab", "abc"] {
        for after in ["", "y", "yz"] {
            let around = format!("{before}{value}{after}");
            let found = |form: String| search.found_in(format!("..{form}..").as_bytes()).len();
            assert_eq!(found(around.clone()), 1);
            assert_eq!(found(STANDARD.encode(&around)), 1);
            assert_eq!(found(URL_SAFE.encode(&around)), 1);
        }
    }
    let utf16 = |order: fn(u16) -> [u8; 2]| format!("x{value}x").encode_utf16().flat_map(order).collect::<Vec<u8>>();
    assert_eq!(
        search.found_in(&utf16(u16::to_le_bytes)).into_iter().collect::<Vec<_>>(),
        [format!("{value} in UTF-16LE")]
    );
    assert_eq!(
        search.found_in(&utf16(u16::to_be_bytes)).into_iter().collect::<Vec<_>>(),
        [format!("{value} in UTF-16BE")]
    );
}

#[test]
fn values_within_values_and_across_parts_of_a_file_are_found() {
    let folder = km_test_support::TestFolder::new("search");
    let path = folder.path().join("file");
    let mut bytes = vec![b'x'; PART - 6];
    bytes.extend_from_slice(b"Qanarivk of Zyxwalliam");
    std::fs::write(&path, bytes).expect("a file");
    let search = Search::plain(["Qanarivk", "anariv", "Zyxwalliam", "Nobody"]);
    assert_eq!(search.found_in_file(&path), BTreeSet::from(["Qanarivk", "Zyxwalliam", "anariv"]));
    assert!(search.found_in_file(&folder.path().join("gone")).is_empty());
}

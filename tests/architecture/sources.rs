//! Source files as the laws see them: path from the root, and text with and without the test foot.

use crate::workspace::root;
use std::fs;
use std::path::Path;

pub struct Source {
    /// From the workspace's root, with `/`.
    pub path: String,
    pub text: String,
}

pub struct Tree(pub Vec<Source>);

const PRODUCT: [&str; 5] = ["crates", "keymanager-svc", "registry-svc", "softhsm-init", "proto"];
const KINDS: [&str; 3] = ["rs", "proto", "sql"];

impl Tree {
    /// What ships: `src/` and migrations, without test-support and without folders of tests.
    pub fn of_product() -> Self {
        let mut tree = Self::of(&PRODUCT);
        tree.0.retain(|source| !source.path.starts_with("crates/test-support/") && !is_test(&source.path));
        tree
    }

    /// Every source file, tests included.
    pub fn of_everything() -> Self {
        let mut folders = PRODUCT.to_vec();
        folders.push("tests");
        Self::of(&folders)
    }

    fn of(folders: &[&str]) -> Self {
        let mut sources = Vec::new();
        for folder in folders {
            collect(&root().join(folder), &mut sources);
        }
        sources.sort_by(|one, other| one.path.cmp(&other.path));
        assert!(sources.len() > 20, "the tree was not found");
        Self(sources)
    }
}

impl Source {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The text above the test foot: above the first `#[cfg(test)]` that introduces a `mod`.
    pub fn body(&self) -> &str {
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let mut below = self.text[at + line.len()..].lines().skip_while(|next| next.starts_with("#["));
            if line.trim_end() == "#[cfg(test)]" && below.next().is_some_and(|next| next.starts_with("mod ")) {
                return &self.text[..at];
            }
            at += line.len();
        }
        &self.text
    }

    /// Lines of code of the body, numbered from 1, comments left out.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.body().lines().enumerate().map(|(index, line)| (index + 1, line));
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Whether the path is a file of tests: in a folder `tests`, or a sibling `tests.rs` or `…_tests.rs`.
pub fn is_test(path: &str) -> bool {
    path.ends_with("_tests.rs") || path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

fn collect(folder: &Path, into: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, into);
            }
        } else if path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)) {
            let text = fs::read_to_string(&path).expect("a source file is UTF-8");
            let path = path.strip_prefix(root()).expect("inside the root").to_string_lossy().replace('\\', "/");
            into.push(Source { path, text });
        }
    }
}

/// A tree made up for a test.
pub fn made_up(files: &[(&str, &str)]) -> Tree {
    Tree(files.iter().map(|(path, text)| Source { path: path.to_string(), text: text.to_string() }).collect())
}

#[test]
fn the_test_foot_is_cut_and_a_test_item_above_is_not() {
    let text = "fn a() {}\n#[cfg(test)]\nfn b() {}\nfn c() {}\n#[cfg(test)]\nmod tests {\n}\n";
    let tree = made_up(&[("x.rs", text)]);
    assert_eq!(tree.0[0].body(), "fn a() {}\n#[cfg(test)]\nfn b() {}\nfn c() {}\n");
}

#[test]
fn comments_are_not_code() {
    let tree = made_up(&[("x.rs", "// one\n  /// two\nthree\n")]);
    assert_eq!(tree.0[0].code().collect::<Vec<_>>(), [(3, "three")]);
}

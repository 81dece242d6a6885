//! Laws (g) and (h): a file is one thought with a name that says it, and no product source knows which token it is.

use crate::laws::Laws;
use crate::sources::Tree;

/// (g) No file over the limit (the test foot not counted), none with a name that says nothing.
pub fn faults(laws: &Laws, tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in tree.0.iter().filter(|source| source.is_rust()) {
        let lines = source.body().lines().count();
        if lines > laws.files.most_lines {
            faults.push(format!("{} has {lines} lines", source.path));
        }
        for part in source.path.trim_end_matches(".rs").split('/') {
            if laws.files.banned_names.iter().any(|banned| banned == part) {
                faults.push(format!("{}: the name {part} says nothing", source.path));
            }
        }
    }
    faults
}

/// (h) A listed word, in whatever case, stands only under its folder.
pub fn forbidden_words(laws: &Laws, tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &tree.0 {
        for (word, folders) in &laws.words {
            if folders.iter().any(|folder| source.path.starts_with(&format!("{folder}/"))) {
                continue;
            }
            for (index, line) in source.body().lines().enumerate() {
                if line.to_lowercase().contains(word) {
                    faults.push(format!("{}:{}: {word}", source.path, index + 1));
                }
            }
        }
    }
    faults
}

#[test]
fn a_long_file_and_an_empty_name_are_faults() {
    let laws = Laws::parse("[files]\nmost_lines = 2\nbanned_names = [\"util\"]\n");
    let tree = crate::sources::made_up(&[
        ("long.rs", "1\n2\n3\n"),
        ("foot.rs", "1\n#[cfg(test)]\nmod tests {\n}\n"),
        ("a/util.rs", ""),
        ("util/b.rs", ""),
        ("utility.rs", ""),
    ]);
    let faults = faults(&laws, &tree);
    assert_eq!(
        faults,
        ["long.rs has 3 lines", "a/util.rs: the name util says nothing", "util/b.rs: the name util says nothing"]
    );
}

#[test]
fn a_forbidden_word_is_found_in_any_case_and_in_comments() {
    let laws = Laws::parse("[words]\nsofthsm = [\"softhsm-init\"]\n");
    let tree = crate::sources::made_up(&[
        ("softhsm-init/src/main.rs", "softhsm"),
        ("a.rs", "// SoftHSM\n"),
        ("b.sql", "-- x\n-- softhsm2\n"),
    ]);
    assert_eq!(forbidden_words(&laws, &tree), ["a.rs:1: softhsm", "b.sql:2: softhsm"]);
}

//! Law (e): the clock, chance, ids, the environment and waiting stand in their one file.

use crate::laws::Laws;
use crate::sources::Tree;

pub fn misplaced(laws: &Laws, tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in tree.0.iter().filter(|source| source.is_rust()) {
        for (call, places) in &laws.calls {
            if places.contains(&source.path) {
                continue;
            }
            for (number, _) in source.code().filter(|(_, line)| names(line, call)) {
                faults.push(format!("{}:{number}: {call}", source.path));
            }
        }
    }
    for place in laws.calls.values().flatten() {
        if !tree.0.iter().any(|source| &source.path == place) {
            faults.push(format!("[calls] names {place}, which does not exist"));
        }
    }
    faults
}

/// Whether the line names the call as whole words: `env::var` is not found in `env::vars`.
fn names(line: &str, call: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(call).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + call.len()..].chars().next();
        !before.is_some_and(word) && !after.is_some_and(word)
    })
}

#[test]
fn a_call_outside_its_file_is_a_fault() {
    let laws = Laws::parse("[calls]\n\"SystemTime::now\" = [\"clock.rs\"]\n\"env::var\" = []\n");
    let bad =
        "let t = std::time::SystemTime::now();\n// SystemTime::now\nlet v = std::env::var(\"A\");\nenv::vars();\n";
    let tree = crate::sources::made_up(&[("clock.rs", "SystemTime::now()"), ("x.rs", bad)]);
    assert_eq!(misplaced(&laws, &tree), ["x.rs:1: SystemTime::now", "x.rs:3: env::var"]);
}

#[test]
fn a_place_that_is_gone_is_a_fault() {
    let laws = Laws::parse("[calls]\n\"SystemTime::now\" = [\"gone.rs\"]\n");
    assert_eq!(misplaced(&laws, &crate::sources::made_up(&[])).len(), 1);
}

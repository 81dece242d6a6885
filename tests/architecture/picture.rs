//! `crates/README.md` says in prose what the manifests say: the same packages, the same arrows.

use crate::workspace::{Workspace, root};
use std::collections::BTreeMap;
use std::fs;

pub fn read() -> String {
    fs::read_to_string(root().join("crates/README.md")).expect("crates/README.md can be read")
}

pub fn faults(text: &str, workspace: &Workspace) -> Vec<String> {
    let rows = rows(text);
    let mut faults = Vec::new();
    for name in workspace.0.keys().filter(|name| *name != "km-tests") {
        let short = name.trim_start_matches("km-");
        let Some(drawn) = rows.get(short) else {
            faults.push(format!("no row for `{short}`"));
            continue;
        };
        let mut drawn = drawn.clone();
        drawn.sort();
        let mut used: Vec<String> =
            workspace.internal(name, false).iter().map(|used| used.trim_start_matches("km-").to_string()).collect();
        used.sort();
        if drawn != used {
            faults.push(format!("`{short}` is drawn with [{}] and uses [{}]", drawn.join(", "), used.join(", ")));
        }
    }
    faults
}

/// The table's rows: crate in backticks, sentence, what it may use.
fn rows(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [name, _, uses] = cells.as_slice() {
            let uses = uses.split(',').map(str::trim).filter(|used| !used.is_empty() && *used != "–");
            rows.insert(name.trim_matches('`').to_string(), uses.map(str::to_string).collect());
        }
    }
    rows
}

#[test]
fn a_missing_row_and_a_wrong_arrow_are_faults() {
    let workspace = crate::workspace::made_up(&[("km-a", &["km-b"]), ("km-b", &[]), ("km-c", &[])]);
    let text = "| crate | what | uses |\n|---|---|---|\n| `a` | one | c |\n| `b` | two | – |\n";
    assert_eq!(faults(text, &workspace), ["`a` is drawn with [c] and uses [b]", "no row for `c`"]);
}

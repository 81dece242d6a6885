//! Laws (a) and (b): the arrows between our packages.

use crate::laws::Laws;
use crate::workspace::Workspace;
use std::collections::BTreeSet;

/// (a) Each package uses exactly what `edges` lists; a test package at most what `edges_at_most` lists.
pub fn exact(laws: &Laws, workspace: &Workspace) -> Vec<String> {
    let mut faults = Vec::new();
    for name in workspace.0.keys() {
        match (laws.edges.get(name), laws.edges_at_most.get(name)) {
            (Some(allowed), _) => {
                let used = workspace.internal(name, false);
                for extra in used.iter().filter(|used| !allowed.contains(used)) {
                    faults.push(format!("{name} uses {extra} and may not"));
                }
                for unused in allowed.iter().filter(|allowed| !used.contains(allowed)) {
                    faults.push(format!("{name} no longer uses {unused}: take the arrow out of the law"));
                }
            }
            (None, Some(allowed)) => {
                let used = workspace.internal(name, true);
                for extra in used.iter().filter(|used| !allowed.contains(used)) {
                    faults.push(format!("{name} uses {extra} and may not"));
                }
            }
            (None, None) => faults.push(format!("{name} has no row in [edges]")),
        }
    }
    for name in laws.edges.keys().chain(laws.edges_at_most.keys()).filter(|name| !workspace.0.contains_key(*name)) {
        faults.push(format!("[edges] names {name}, which is not in the workspace"));
    }
    faults
}

/// (b) Pairs that no path of arrows may join.
pub fn unreachable(laws: &Laws, workspace: &Workspace) -> Vec<String> {
    let mut faults = Vec::new();
    for (from, forbidden) in &laws.unreachable {
        let reached = reached_from(from, workspace);
        for target in forbidden {
            if !workspace.0.contains_key(target) {
                faults.push(format!("[unreachable] names {target}, which is not in the workspace"));
            } else if reached.contains(target) {
                faults.push(format!("{from} reaches {target}"));
            }
        }
    }
    faults
}

fn reached_from(start: &str, workspace: &Workspace) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start.to_string()];
    while let Some(name) = open.pop() {
        for used in workspace.internal(&name, false) {
            if reached.insert(used.clone()) {
                open.push(used);
            }
        }
    }
    reached
}

#[test]
fn an_arrow_too_many_too_few_or_unlisted_is_a_fault() {
    let laws = Laws::parse("[edges]\na = [\"b\"]\nb = [\"c\"]\nc = []\ngone = []\n");
    let workspace = crate::workspace::made_up(&[("a", &["b", "c"]), ("b", &[]), ("c", &[]), ("new", &[])]);
    let faults = exact(&laws, &workspace);
    assert_eq!(faults.len(), 4, "{faults:?}");
}

#[test]
fn a_way_around_is_found() {
    let laws = Laws::parse("[unreachable]\na = [\"c\"]\nb = [\"a\"]\n");
    let workspace = crate::workspace::made_up(&[("a", &["b"]), ("b", &["c"]), ("c", &[])]);
    assert_eq!(unreachable(&laws, &workspace), ["a reaches c"]);
}

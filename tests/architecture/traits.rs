//! Law (f): a trait only where two real things stand behind it, so each public one is listed.

use crate::laws::Laws;
use crate::sources::Tree;
use std::collections::BTreeSet;

pub fn unlisted(laws: &Laws, tree: &Tree) -> Vec<String> {
    let listed: BTreeSet<&str> = laws.traits.public.iter().map(String::as_str).collect();
    let found = found(tree);
    let mut faults = Vec::new();
    for (name, place) in found.iter().filter(|(name, _)| !listed.contains(name.as_str())) {
        faults.push(format!("{name} ({place}) is not listed"));
    }
    for name in listed.iter().filter(|name| !found.iter().any(|(found, _)| found == *name)) {
        faults.push(format!("{name} is listed and does not exist"));
    }
    faults
}

/// Every `pub trait`, as package and name, with its place.
fn found(tree: &Tree) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for source in tree.0.iter().filter(|source| source.is_rust()) {
        for (number, line) in source.code() {
            let line = line.trim_start();
            let Some(rest) = line.strip_prefix("pub trait ").or_else(|| line.strip_prefix("pub unsafe trait ")) else {
                continue;
            };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push((format!("{}::{name}", package(&source.path)), format!("{}:{number}", source.path)));
        }
    }
    found
}

fn package(path: &str) -> String {
    let mut parts = path.split('/');
    match (parts.next(), parts.next()) {
        (Some("crates"), Some(folder @ ("kmctl" | "registryctl" | "dev-issuer"))) => folder.to_string(),
        (Some("crates"), Some(folder)) => format!("km-{folder}"),
        (Some(folder), _) => folder.to_string(),
        _ => String::new(),
    }
}

#[test]
fn an_unlisted_trait_and_a_listed_one_that_is_gone_are_faults() {
    let laws = Laws::parse("[traits]\npublic = [\"km-a::Here\", \"km-a::Gone\"]\n");
    let text = "pub trait Here {}\npub(crate) trait Inner {}\npub trait New<T>: Send {}\n";
    let faults = unlisted(&laws, &crate::sources::made_up(&[("crates/a/src/lib.rs", text)]));
    assert_eq!(faults, ["km-a::New (crates/a/src/lib.rs:3) is not listed", "km-a::Gone is listed and does not exist"]);
}

//! Laws (c) and (d): a library is a private matter of the packages that may name it.

use crate::laws::Laws;
use crate::sources::Tree;
use crate::workspace::Workspace;

/// (c) A listed library stands only in the manifests that the law names.
pub fn named(laws: &Laws, workspace: &Workspace) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, package) in &workspace.0 {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.shipped()) {
            if laws.libraries.get(&dependency.name).is_some_and(|allowed| !allowed.contains(name)) {
                faults.push(format!("{name} names {}", dependency.name));
            }
        }
    }
    faults
}

/// (d) No `pub use` of a listed library.
pub fn handed_on(laws: &Laws, tree: &Tree) -> Vec<String> {
    let crates: Vec<String> = laws.libraries.keys().map(|library| library.replace('-', "_")).collect();
    let mut faults = Vec::new();
    for source in tree.0.iter().filter(|source| source.is_rust()) {
        for (number, line) in source.code() {
            let Some(path) = line.trim_start().strip_prefix("pub use ") else { continue };
            let first = path.trim_start_matches("::").split(|c: char| !c.is_alphanumeric() && c != '_').next();
            if first.is_some_and(|first| crates.iter().any(|name| name == first)) {
                faults.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    faults
}

#[test]
fn a_library_in_a_foreign_manifest_is_a_fault() {
    let laws = Laws::parse("[libraries]\nring = [\"a\"]\n");
    let workspace = crate::workspace::made_up(&[("a", &["ring"]), ("b", &["ring", "serde"])]);
    assert_eq!(named(&laws, &workspace), ["b names ring"]);
}

#[test]
fn a_library_handed_on_is_a_fault() {
    let laws = Laws::parse("[libraries]\nactix-web = []\n");
    let tree =
        crate::sources::made_up(&[("x.rs", "pub use actix_web::App;\nuse actix_web::web;\npub use actix::A;\n")]);
    assert_eq!(handed_on(&laws, &tree), ["x.rs:1: pub use actix_web::App;"]);
}

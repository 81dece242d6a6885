//! The workspace as its manifests declare it, read from `cargo metadata`.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that holds the workspace's `Cargo.toml`.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_path_buf()
}

/// Packages by name.
pub struct Workspace(pub BTreeMap<String, Package>);

#[derive(Deserialize)]
pub struct Package {
    pub name: String,
    pub dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// None for a normal dependency, else "dev" or "build".
    pub kind: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

impl Workspace {
    pub fn read() -> Self {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let answer = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--offline", "--no-deps"])
            .current_dir(root())
            .output()
            .expect("cargo metadata runs");
        assert!(answer.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&answer.stderr));
        let metadata: Metadata = serde_json::from_slice(&answer.stdout).expect("cargo metadata is JSON");
        Self(metadata.packages.into_iter().map(|package| (package.name.clone(), package)).collect())
    }

    /// The packages of ours that `name` uses in what it ships; with `dev`, in its tests too.
    pub fn internal(&self, name: &str, dev: bool) -> Vec<String> {
        let mut used: Vec<String> = self.0[name]
            .dependencies
            .iter()
            .filter(|dependency| dev || dependency.shipped())
            .filter(|dependency| self.0.contains_key(&dependency.name))
            .map(|dependency| dependency.name.clone())
            .collect();
        used.sort();
        used.dedup();
        used
    }
}

impl Dependency {
    pub fn shipped(&self) -> bool {
        self.kind.as_deref() != Some("dev")
    }
}

/// A workspace made up for a test: package, then the packages and libraries that it names.
pub fn made_up(packages: &[(&str, &[&str])]) -> Workspace {
    let package = |(name, uses): &(&str, &[&str])| Package {
        name: name.to_string(),
        dependencies: uses.iter().map(|used| Dependency { name: used.to_string(), kind: None }).collect(),
    };
    Workspace(packages.iter().map(|entry| (entry.0.to_string(), package(entry))).collect())
}

#[test]
fn this_workspace_is_read() {
    let workspace = Workspace::read();
    assert!(workspace.0.contains_key("km-tests") && workspace.0.contains_key("keymanager-svc"));
    assert!(workspace.internal("km-keystore", false).contains(&"km-domain".to_string()));
}

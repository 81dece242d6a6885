//! The build script of every program: gives it the text of its `--version` as `SEALKEEP_VERSION`. Built from a git work tree
//! that is the version and the commit; built from anywhere else, the version alone.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    // Without any such line cargo would run this after every change of the package.
    println!("cargo:rerun-if-changed=Cargo.toml");
    // A changed migration is a changed program: the macro that embeds them does not tell cargo.
    if Path::new("migrations").is_dir() {
        println!("cargo:rerun-if-changed=migrations");
    }
    let version = env!("CARGO_PKG_VERSION");
    match commit() {
        Some(commit) => println!("cargo:rustc-env=SEALKEEP_VERSION={version} ({commit})"),
        None => println!("cargo:rustc-env=SEALKEEP_VERSION={version}"),
    }
}

/// The commit of the work tree whose root is the workspace's: sources unpacked within somebody else's have none.
fn commit() -> Option<String> {
    let root = ["..", "../.."].map(PathBuf::from).into_iter().find(|folder| folder.join("Cargo.lock").is_file())?;
    if !root.join(".git").exists() {
        return None;
    }
    // This file grows with every commit and checkout. A file that is missing would have cargo build every time.
    let log = PathBuf::from(git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    if log.is_file() {
        println!("cargo:rerun-if-changed={}", log.display());
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

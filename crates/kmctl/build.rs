//! Gives the program the commit that it was built from.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=../../.git/logs/HEAD");
    let commit = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    let commit = commit.ok().filter(|out| out.status.success()).and_then(|out| String::from_utf8(out.stdout).ok());
    println!("cargo:rustc-env=SEALKEEP_COMMIT={}", commit.as_deref().map_or("unknown", str::trim));
}

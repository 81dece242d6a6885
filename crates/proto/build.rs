//! Generates the gRPC types and services of `proto/` without a system protoc.

use std::{error::Error, path::PathBuf};

#[allow(clippy::disallowed_methods)] // cargo tells a build script where it is by the environment only
fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let files = ["records", "log", "certificates"].map(|name| root.join(format!("keymanager/v1/{name}.proto")));
    println!("cargo:rerun-if-changed={}", root.display());
    let descriptors = protox::compile(&files, [&root])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}

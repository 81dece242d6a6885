//! Evidence bundles: a zip whose `SHA256SUMS` names every other file and is signed as detached CMS under the evidence root,
//! so that two stock commands check it; and the verifier that checks all of it offline.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
mod authority;
pub mod files;
mod live_log;
mod log_keys;
pub mod manifest;
mod proofs;
mod readme;
pub mod report;
mod sums;
pub mod verify;
pub mod write;

pub use files::{BundleFiles, FilesError};
pub use km_audit::Checkpoint;
pub use live_log::{LogFault, Trail, check_consistency, signed_checkpoint};
pub use log_keys::{NoLogKey, log_keys};
pub use manifest::Manifest;
pub use report::{Check, CheckName, Report, Status};
pub use verify::{BadRoot, trusted_root, verify};
pub use write::{BundleInput, Certificates, Entry, WriteError, write};

/// Names of the files of a bundle. There are these and no other.
pub mod name {
    pub const MANIFEST: &str = "manifest.json";
    pub const EVENTS: &str = "events.jsonl";
    pub const CHECKPOINT: &str = "checkpoint.txt";
    pub const PROOFS: &str = "proofs.json";
    pub const README: &str = "README.txt";
    pub const SIGNER_CERTIFICATE: &str = "certificates/evidence-signer.pem";
    pub const CHECKPOINT_CERTIFICATE: &str = "certificates/checkpoint.pem";
    pub const ROOT_CERTIFICATE: &str = "certificates/evidence-root.pem";
    pub const SUMS: &str = "SHA256SUMS";
    pub const SIGNATURE: &str = "SHA256SUMS.p7s";

    /// What the manifest describes: everything but itself and what is made after it.
    pub const DESCRIBED: [&str; 7] =
        [SIGNER_CERTIFICATE, CHECKPOINT_CERTIFICATE, ROOT_CERTIFICATE, CHECKPOINT, EVENTS, PROOFS, README];
}

//! `manifest.json`: what the bundle is, for people and programs.

use km_audit::Checkpoint;
use km_domain::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};

/// The version of the bundle's form that is written and read.
pub const SCHEMA: &str = "sealkeep-evidence/1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `sealkeep-evidence/1`.
    pub schema: String,
    pub kind: Kind,
    /// The export's id, as the log knows it.
    pub export: String,
    pub created: Timestamp,
    pub tool: Tool,
    pub tenant: TenantId,
    pub requester: String,
    pub purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    pub range: Range,
    /// Events that are disclosed.
    pub rows: u64,
    /// Events within the range that are another tenant's: only their hashes are in the bundle.
    pub withheld: u64,
    pub log: LogPosition,
    pub files: Vec<FileEntry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A range of the log.
    LogRange,
}

/// The program that wrote the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

/// Indexes of the log, `to` not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub from: u64,
    pub to: u64,
}

/// Where the log stood: the checkpoint that the bundle is proved against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogPosition {
    pub origin: String,
    pub size: u64,
    /// Hexadecimal.
    pub root: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    pub name: String,
    pub sha256: String,
    pub size: u64,
    /// Lines, where the file is made of rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

impl LogPosition {
    pub fn of(checkpoint: &Checkpoint) -> Self {
        Self { origin: checkpoint.origin.clone(), size: checkpoint.size, root: crate::sums::hex(&checkpoint.root) }
    }
}

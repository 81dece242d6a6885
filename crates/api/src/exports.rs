//! Signed exports of a range of the log.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/exports`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExport {
    /// First event, 0 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// End of the range, not included; the end of the log if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Out of the configured list.
    #[schema(example = "audit")]
    pub purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
}

/// An export, complete when this is answered; `GET /v1/exports/{id}` gives it as a zip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Export {
    pub id: String,
    pub state: ExportState,
    pub range: EventRange,
}

/// Where an export stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportState {
    Running,
    Done,
    Failed,
}

/// Events by index: the first, and the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventRange {
    pub from: u64,
    pub to: u64,
}

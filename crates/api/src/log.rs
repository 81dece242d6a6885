//! The audit log: events and proofs. The checkpoint (`GET /v1/log/checkpoint`) is a text, a C2SP signed note.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Base64Url;

/// Query of `GET /v1/log/events`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// First event, 0 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Events at most, 1 to 1000; 100 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// Events in their order. Each is the log's leaf as JSON: `index`, `log_time`, then the event's own members.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Events {
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<serde_json::Value>,
    /// `from` of the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// Query of `GET /v1/log/proof`: `index` and `size`, or `from` and `to`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProofQuery {
    /// Inclusion: the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// Inclusion: the size of the tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Consistency: the size of the older tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Consistency: the size of the newer tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

/// A proof (RFC 9162, sections 2.1.3 and 2.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// Hashes, each 32 bytes.
    pub hashes: Vec<Base64Url>,
}

//! The problem document (RFC 9457) of an error answer, and of a refused item of a batch.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const ERRORS: &str = "/docs/errors#";

/// Why a request or an item was refused. Names field and rule, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `/docs/errors#CODE`; the code is stable.
    #[serde(rename = "type")]
    #[schema(example = "/docs/errors#key-not-found")]
    pub kind: String,
    #[serde(default)]
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The member that broke the rule, as a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "items[3].plaintext")]
    pub field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Seconds after which to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// A bare problem of this code and status.
    pub fn of(code: &str, status: u16) -> Self {
        Self {
            kind: format!("{ERRORS}{code}"),
            title: String::new(),
            status,
            detail: None,
            field: None,
            rule: None,
            retry_after: None,
            request_id: None,
        }
    }

    /// The stable code at the end of `type`.
    pub fn code(&self) -> &str {
        self.kind.rsplit_once('#').map_or(self.kind.as_str(), |(_, code)| code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        if !self.title.is_empty() {
            write!(f, ": {}", self.title)?;
        }
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        if let (Some(field), Some(rule)) = (&self.field, &self.rule) {
            write!(f, "; {field} {rule}")?;
        }
        Ok(())
    }
}

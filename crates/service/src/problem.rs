//! Problem documents (RFC 9457): one kind per stable code, listed at `/docs/errors`.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde_json::{Map, Value};

/// The media type of RFC 9457, section 3.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A kind of problem. Kinds are constants: their codes are what clients decide on, so they never change.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemKind {
    /// Kebab-case; the document's `type` is `/docs/errors#CODE`.
    pub code: &'static str,
    pub status: u16,
    pub title: &'static str,
    /// Why it happens, for `/docs/errors`.
    pub cause: &'static str,
    /// What the caller can do about it, for `/docs/errors`.
    pub remedy: &'static str,
}

/// A refusal or failure as its caller sees it. It names field and rule and never repeats a value.
#[derive(Debug, Clone)]
pub struct Problem {
    pub kind: &'static ProblemKind,
    pub detail: Option<String>,
    /// The member of the request that broke the rule, as a path (`items[3].plaintext`).
    pub field: Option<String>,
    pub rule: Option<String>,
    /// Seconds after which trying again makes sense; goes out as `Retry-After` too.
    pub retry_after: Option<u32>,
    /// For the log only; never leaves the process.
    pub cause: Option<String>,
}

impl Problem {
    pub fn new(kind: &'static ProblemKind) -> Self {
        Self { kind, detail: None, field: None, rule: None, retry_after: None, cause: None }
    }

    /// A sentence about this occurrence, without any value of the request.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub fn field(mut self, field: impl Into<String>, rule: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self.rule = Some(rule.into());
        self
    }

    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// What went wrong inside, for the one line that the edge logs.
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// An internal failure: the caller learns nothing but the request id, the log gets the cause.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(&INTERNAL).cause(cause)
    }

    /// The document. Absent members are left out.
    pub fn to_json(&self, request_id: Option<&str>) -> Value {
        let mut document = Map::new();
        document.insert("type".into(), format!("/docs/errors#{}", self.kind.code).into());
        document.insert("title".into(), self.kind.title.into());
        document.insert("status".into(), self.kind.status.into());
        for (name, value) in
            [("detail", self.detail.as_deref()), ("field", self.field.as_deref()), ("rule", self.rule.as_deref())]
        {
            if let Some(value) = value {
                document.insert(name.into(), value.into());
            }
        }
        if let Some(seconds) = self.retry_after {
            document.insert("retry_after".into(), seconds.into());
        }
        if let Some(id) = request_id {
            document.insert("request_id".into(), id.into());
        }
        Value::Object(document)
    }

    /// The answer that carries the document.
    pub fn to_response(&self, request_id: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type(MEDIA_TYPE).insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if self.kind.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(self.to_json(request_id).to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.to_response(None)
    }
}

/// The kind that fits a bare status, for answers that actix-web makes itself.
pub fn kind_for_status(status: u16) -> &'static ProblemKind {
    match status {
        404 => &NOT_FOUND,
        405 => &METHOD_NOT_ALLOWED,
        408 => &BODY_TOO_SLOW,
        413 => &BODY_TOO_LARGE,
        415 => &UNSUPPORTED_MEDIA_TYPE,
        503 => &BUSY,
        400..=499 => &MALFORMED_REQUEST,
        _ => &INTERNAL,
    }
}

/// Kinds that any door may answer with. A door's list at `/docs/errors` is these and its own.
pub const COMMON: [&ProblemKind; 9] = [
    &MALFORMED_REQUEST,
    &MALFORMED_BODY,
    &NOT_FOUND,
    &METHOD_NOT_ALLOWED,
    &BODY_TOO_SLOW,
    &BODY_TOO_LARGE,
    &UNSUPPORTED_MEDIA_TYPE,
    &BUSY,
    &INTERNAL,
];

pub const MALFORMED_REQUEST: ProblemKind = ProblemKind {
    code: "malformed-request",
    status: 400,
    title: "The request cannot be read",
    cause: "A header, path or query member does not have the form that this route asks for.",
    remedy: "Compare the request with /openapi.json.",
};

pub const MALFORMED_BODY: ProblemKind = ProblemKind {
    code: "malformed-body",
    status: 400,
    title: "The body cannot be read",
    cause: "The body is not UTF-8 JSON, repeats a member, nests too deep, or a member is missing, unknown or of another type.",
    remedy: "Correct the member that `field` names as `rule` says.",
};

pub const NOT_FOUND: ProblemKind = ProblemKind {
    code: "not-found",
    status: 404,
    title: "There is nothing here for this caller",
    cause: "No such route or thing, or the caller has no right to know of it.",
    remedy: "Check the path, and the rights of the token.",
};

pub const METHOD_NOT_ALLOWED: ProblemKind = ProblemKind {
    code: "method-not-allowed",
    status: 405,
    title: "This route does not know the method",
    cause: "The path exists under another method.",
    remedy: "Use a method that /openapi.json lists for the path.",
};

pub const BODY_TOO_SLOW: ProblemKind = ProblemKind {
    code: "body-too-slow",
    status: 408,
    title: "The body did not arrive in time",
    cause: "The whole body has to arrive within the configured time.",
    remedy: "Send it again, over a better connection or in smaller parts.",
};

pub const BODY_TOO_LARGE: ProblemKind = ProblemKind {
    code: "body-too-large",
    status: 413,
    title: "The body is too large",
    cause: "The body is longer than the configured limit (10 MiB unless changed).",
    remedy: "Send several smaller requests.",
};

pub const UNSUPPORTED_MEDIA_TYPE: ProblemKind = ProblemKind {
    code: "unsupported-media-type",
    status: 415,
    title: "The body has another media type",
    cause: "This route reads application/json, without content coding.",
    remedy: "Send Content-Type: application/json.",
};

pub const BUSY: ProblemKind = ProblemKind {
    code: "busy",
    status: 503,
    title: "The service has no room for this request now",
    cause: "The queue in front of the token or the database is full, or the request waited for too long.",
    remedy: "Try again after the seconds in Retry-After.",
};

pub const INTERNAL: ProblemKind = ProblemKind {
    code: "internal",
    status: 500,
    title: "The service failed",
    cause: "Something inside went wrong; the log has a line with the same request id.",
    remedy: "Give the request id to whoever runs the service.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_field_and_rule_and_hides_the_cause() {
        let problem = Problem::new(&MALFORMED_BODY).field("items[3].plaintext", "must be base64url").cause("secret");
        let document = problem.to_json(Some("r-1"));
        assert_eq!(document["type"], "/docs/errors#malformed-body");
        assert_eq!(document["field"], "items[3].plaintext");
        assert_eq!(document["request_id"], "r-1");
        assert!(!document.to_string().contains("secret"));
    }

    #[test]
    fn a_wait_goes_out_as_a_header() {
        let response = Problem::new(&BUSY).retry_after(2).to_response(None);
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers().get("retry-after").map(|v| v.as_bytes()), Some(&b"2"[..]));
        assert_eq!(response.headers().get("content-type").map(|v| v.as_bytes()), Some(MEDIA_TYPE.as_bytes()));
    }

    #[test]
    fn codes_are_unique() {
        let codes: std::collections::BTreeSet<_> = COMMON.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), COMMON.len());
    }
}

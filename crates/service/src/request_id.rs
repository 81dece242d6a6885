//! The names under which a request is followed from the client through registry and key manager into the event.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::HeaderMap};

use crate::{
    problem::Problem,
    random::{self, RandomFailed},
};

/// Header of the request id, both ways.
pub const REQUEST_ID: &str = "x-request-id";
/// W3C Trace Context, section 3.2.
pub const TRACEPARENT: &str = "traceparent";

/// What a request is called. As an extractor it is there behind every [`crate::Door`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestContext {
    /// The client's, if it is 8 to 64 characters of letters, digits, `-`, `_` and `.`; else ours, 32 hexadecimal digits.
    pub request_id: String,
    /// The client's `traceparent` as it came, if it is well-formed.
    pub traceparent: Option<String>,
}

impl RequestContext {
    /// From what the client sent. Anything malformed is replaced (id) or dropped (trace), never refused.
    ///
    /// # Errors
    /// The system's random generator failed.
    pub fn accept(request_id: Option<&str>, traceparent: Option<&str>) -> Result<Self, RandomFailed> {
        let request_id = match request_id.filter(|id| is_sane(id)) {
            Some(id) => id.to_owned(),
            None => random::hex(&random::bytes::<16>()?),
        };
        let traceparent = traceparent.filter(|text| is_traceparent(text)).map(str::to_owned);
        Ok(Self { request_id, traceparent })
    }

    /// The trace id, 32 hexadecimal digits.
    pub fn trace_id(&self) -> Option<&str> {
        self.traceparent.as_deref()?.get(3..35)
    }

    pub(crate) fn of_headers(headers: &HeaderMap) -> Result<Self, RandomFailed> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self::accept(text(REQUEST_ID), text(TRACEPARENT))
    }
}

fn is_sane(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Version 00: `00-` trace id `-` parent id `-` flags, lower case, ids not all zero.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let not_zero = |part: &str| part.bytes().any(|b| b != b'0');
    match parts.as_slice() {
        ["00", trace, parent, flags] => {
            is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2) && not_zero(trace) && not_zero(parent)
        }
        _ => false,
    }
}

impl FromRequest for RequestContext {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let kept = request.extensions().get::<Self>().cloned();
        ready(kept.map_or_else(|| Self::of_headers(request.headers()).map_err(Problem::internal), Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_id_is_kept_and_another_replaced() {
        let kept = RequestContext::accept(Some("req-12345"), None).unwrap();
        assert_eq!(kept.request_id, "req-12345");
        for bad in ["short", "with space", "line\nbreak", &"x".repeat(65)] {
            let made = RequestContext::accept(Some(bad), None).unwrap().request_id;
            assert!(made != bad && made.len() == 32);
        }
    }

    #[test]
    fn a_trace_is_kept_only_if_well_formed() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = RequestContext::accept(None, Some(good)).unwrap();
        assert_eq!(context.trace_id(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        for bad in ["00-0-0-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "é"] {
            assert_eq!(RequestContext::accept(None, Some(bad)).unwrap().traceparent, None);
        }
    }
}

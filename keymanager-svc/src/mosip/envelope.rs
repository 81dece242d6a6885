//! What is around every request and answer.
//!
//! `{id, version, requesttime, metadata, request}` comes in, `{id, version, responsetime, metadata, response, errors}` goes out; in the
//! answer every member is there, null where it has nothing to say.

use actix_web::{HttpResponse, http::StatusCode, http::header};
use km_domain::Timestamp;
use km_formats::mosip::time;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::{error::Refusal, lenient::Text};

/// What an answer repeats of its request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echo {
    id: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Outside<'a> {
    #[serde(borrow, default, deserialize_with = "there")]
    id: There<'a>,
    #[serde(borrow, default, deserialize_with = "there")]
    version: There<'a>,
    #[serde(borrow, default)]
    requesttime: Option<Text<'a>>,
    #[serde(default)]
    request: Option<Object>,
}

/// A JSON object, whatever is in it. Said apart because the library would read a list as an object's members in their order.
struct Object;

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for Object {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

/// A member that was not there, was null, or was a text.
#[derive(Default)]
enum There<'a> {
    #[default]
    Absent,
    Null,
    Text(Text<'a>),
}

fn there<'de: 'a, 'a, D: serde::Deserializer<'de>>(deserializer: D) -> Result<There<'a>, D::Error> {
    Ok(Option::<Text<'a>>::deserialize(deserializer)?.map_or(There::Null, There::Text))
}

impl There<'_> {
    /// Absent is answered by an empty text, null by null.
    fn echoed(self) -> Option<String> {
        match self {
            Self::Absent => Some(String::new()),
            Self::Null => None,
            Self::Text(text) => Some(text.0.into_owned()),
        }
    }
}

#[derive(Deserialize)]
struct Inside<T> {
    request: T,
}

/// Reads what is around a request.
///
/// # Errors
/// Not JSON, no `request`, a time that is none: with what is to be repeated, as far as it is known.
pub fn outside(body: &[u8]) -> Result<Echo, (Echo, Refusal)> {
    let unknown = || Echo { id: Some(String::new()), version: Some(String::new()) };
    let outside: Outside<'_> = serde_json::from_slice(body).map_err(|error| (unknown(), unreadable(&error)))?;
    let echo = Echo { id: outside.id.echoed(), version: outside.version.echoed() };
    if let Some(text) = &outside.requesttime
        && !text.0.trim().is_empty()
        && time::parse(&text.0).is_err()
    {
        let rule = "requesttime must be of the form 2025-01-15T09:30:00.000Z".to_owned();
        return Err((echo, Refusal::invalid(vec![rule])));
    }
    match outside.request {
        Some(Object) => Ok(echo),
        None => Err((echo, Refusal::invalid(vec!["request must not be null".to_owned()]))),
    }
}

/// Reads the request inside.
///
/// # Errors
/// A member is not of its type.
pub fn inside<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    let inside: Inside<T> = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    Ok(inside.request)
}

/// The library's own text may repeat a part of the body, so only the place goes out.
fn unreadable(error: &serde_json::Error) -> Refusal {
    let what = if error.is_data() { "a member is not of its type" } else { "the body is not JSON" };
    Refusal::invalid(vec![format!("{what} (line {}, column {})", error.line(), error.column())])
}

#[derive(Serialize)]
struct Answer<'a, T> {
    id: Option<&'a str>,
    version: Option<&'a str>,
    responsetime: String,
    metadata: Option<()>,
    response: Option<T>,
    errors: Option<Vec<Said<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    error_code: &'a str,
    message: &'a str,
}

/// The bytes of an answer to a call that succeeded; nothing where the answer cannot be written, which none of ours is.
pub fn success<T: Serialize>(echo: &Echo, now: Timestamp, response: T) -> Option<Vec<u8>> {
    let (id, version) = (echo.id.as_deref(), echo.version.as_deref());
    let answer = Answer {
        id,
        version,
        responsetime: time::with_zone(now),
        metadata: None,
        response: Some(response),
        errors: None,
    };
    // Measured first: a buffer that grows would for a moment be there twice, and an answer may be a whole document.
    let mut length = Length(0);
    serde_json::to_writer(&mut length, &answer).ok()?;
    let mut bytes = Vec::with_capacity(length.0);
    serde_json::to_writer(&mut bytes, &answer).ok()?;
    Some(bytes)
}

/// Counts what is written.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The answer to a call that was refused.
pub fn refusal(echo: &Echo, now: Timestamp, refusal: &Refusal) -> HttpResponse {
    let errors = refusal.errors.iter().map(|(code, message)| Said { error_code: code, message }).collect();
    let answer = Answer::<()> {
        id: echo.id.as_deref(),
        version: echo.version.as_deref(),
        responsetime: time::with_zone(now),
        metadata: None,
        response: None,
        errors: Some(errors),
    };
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(seconds) = refusal.retry_after {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    response.json(answer)
}

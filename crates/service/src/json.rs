//! JSON bodies, read strictly: UTF-8, no repeated member, no deep nesting, no unknown member; faults name the member
//! and the rule, never the value.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use serde::de::DeserializeOwned;

use crate::{
    body::RawBody,
    json_scan::{self, is_nameable, join, path_at},
    problem::{self, Problem},
};

/// A JSON body as `T`.
pub struct StrictJson<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for StrictJson<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request);
        let body = RawBody::from_request(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(
                    Problem::new(&problem::UNSUPPORTED_MEDIA_TYPE).field("Content-Type", "must be application/json")
                );
            }
            from_slice(&body.await?.0).map(Self)
        })
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// Reads a body as `T`.
///
/// # Errors
/// [`problem::MALFORMED_BODY`] with field and rule.
pub fn from_slice<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let malformed = |field: String, rule: String| {
        let field = if field.is_empty() { "body".to_owned() } else { field };
        Problem::new(&problem::MALFORMED_BODY).field(field, rule)
    };
    if std::str::from_utf8(body).is_err() {
        return Err(malformed(String::new(), "must be UTF-8".to_owned()));
    }
    json_scan::check(body).map_err(|fault| malformed(fault.path, fault.rule))?;
    serde_json::from_slice(body).map_err(|error| {
        let (field, rule) = explain(body, &error);
        malformed(field, rule)
    })
}

/// Field and rule of a serde error. Its message may quote the body, so only what comes from our types is kept.
fn explain(body: &[u8], error: &serde_json::Error) -> (String, String) {
    if error.is_syntax() || error.is_eof() {
        return (String::new(), format!("must be JSON (line {}, column {})", error.line(), error.column()));
    }
    let mut path = path_at(body, offset(body, error));
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    if let Some(name) = message.strip_prefix("missing field ").map(|name| name.trim_matches('`')) {
        replace_last(&mut path, name);
        return (join(&path), "is required".to_owned());
    }
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let name = rest.split('`').next().filter(|name| is_nameable(name)).unwrap_or("(member)");
        replace_last(&mut path, name);
        return (join(&path), "is not a member of this object".to_owned());
    }
    let rule = match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("must be {expected}"),
        None if message.contains(['`', '"', '\'']) => "is not valid".to_owned(),
        None => message.to_owned(),
    };
    (join(&path), rule)
}

/// The byte before which serde stopped, so that the member it spoke of is still open there.
fn offset(body: &[u8], error: &serde_json::Error) -> usize {
    let line_start = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum::<usize>();
    line_start + error.column().saturating_sub(1)
}

fn replace_last(path: &mut Vec<String>, name: &str) {
    path.pop();
    path.push(name.to_owned());
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        items: Vec<Inner>,
        kind: Option<Kind>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        size: u32,
        name: Option<String>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        One,
    }

    fn fault(body: &[u8]) -> (String, String) {
        let problem = from_slice::<Outer>(body).unwrap_err();
        (problem.field.unwrap(), problem.rule.unwrap())
    }

    #[test]
    fn faults_name_member_and_rule_and_no_value() {
        let cases: [(&[u8], &str, &str); 9] = [
            (br#"{"items":[{"size":"Selam"}]}"#, "items[0].size", "must be u32"),
            (br#"{"items":[{"size":1},{"name":"Selam"}]}"#, "items[1].size", "is required"),
            (br#"{"items":[{"size":1,"phone":"Selam"}]}"#, "items[0].phone", "is not a member of this object"),
            (br#"{"items":[{"size":1,"Selam":1}]}"#, "items[0].(member)", "is not a member of this object"),
            (br#"{"items":[],"kind":"Selam"}"#, "kind", "must be `one`"),
            (br#"{"items":[],"items":[]}"#, "items", "must not be repeated"),
            (br#"{"items":[}"#, "body", "must be JSON (line 1, column 11)"),
            (b"{\"items\":[{\"name\":\"\xff\"}]}", "body", "must be UTF-8"),
            (br#"{"items":[]} Selam"#, "body", "must be JSON (line 1, column 14)"),
        ];
        for (body, field, rule) in cases {
            let (found_field, found_rule) = fault(body);
            assert_eq!((found_field.as_str(), found_rule.as_str()), (field, rule));
            assert!(!found_field.contains("Selam") && !found_rule.contains("Selam"));
        }
    }
}

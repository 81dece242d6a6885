//! `If-Match` and `If-None-Match` (RFC 9110, section 13.1): which version a record is built on.

use actix_web::http::header::{self, HeaderMap};

use crate::error::RegistryError;

/// The version that a `PUT` makes: 1 for `If-None-Match: *`, N + 1 for `If-Match: "N"`.
///
/// # Errors
/// Neither or both, or another form of either.
pub fn next_version(headers: &HeaderMap) -> Result<u32, RegistryError> {
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (None, Some("*")) => Ok(1),
        (None, Some(_)) => Err(RegistryError::malformed("If-None-Match", "must be *")),
        (Some(tag), None) => version(tag).ok_or_else(|| {
            RegistryError::malformed("If-Match", "must be the record's version in double quotes, as ETag gives it")
        }),
        (Some(_), Some(_)) => Err(RegistryError::malformed("If-Match", "must not stand beside If-None-Match")),
        (None, None) => Err(RegistryError::PreconditionRequired),
    }
}

fn version(tag: &str) -> Option<u32> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse::<u32>().ok().filter(|version| is_plain && i32::try_from(*version).is_ok())?.checked_add(1)
}

/// The `ETag` of a version.
pub fn etag(version: u32) -> String {
    format!("\"{version}\"")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn outcome(pairs: &[(header::HeaderName, &'static str)]) -> Result<u32, RegistryError> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        next_version(&headers)
    }

    #[test]
    fn a_version_follows_from_one_header_and_no_guess() {
        assert_eq!(outcome(&[(header::IF_NONE_MATCH, "*")]).unwrap(), 1);
        assert_eq!(outcome(&[(header::IF_MATCH, "\"7\"")]).unwrap(), 8);
        assert!(matches!(outcome(&[]), Err(RegistryError::PreconditionRequired)));
        for bad in ["7", "\"\"", "\"0\"", "\"07\"", "\"+7\"", "W/\"7\"", "*", "\"99999999999\"", "\"2147483648\""] {
            assert!(matches!(outcome(&[(header::IF_MATCH, bad)]), Err(RegistryError::Malformed { .. })), "{bad}");
        }
        assert!(outcome(&[(header::IF_MATCH, "\"7\""), (header::IF_NONE_MATCH, "*")]).is_err());
    }
}

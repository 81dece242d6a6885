//! Where a token stands in a request.

use crate::AuthError;

/// A longer token is not ours to read.
pub const LONGEST_TOKEN: usize = 16 * 1024;

/// The token of an `Authorization` header (RFC 6750, section 2.1).
///
/// Input: the header's value, if there is one. Errors: missing; another scheme or a text that is no token: malformed.
pub fn bearer(header: Option<&str>) -> Result<&str, AuthError> {
    let header = header.ok_or(AuthError::Missing)?;
    let (scheme, token) = header.split_once(' ').ok_or(AuthError::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthError::Malformed);
    }
    checked(token.trim_matches(' '))
}

/// The token of the cookie `Authorization`, as clients of the MOSIP dialect send it. Some send the cookie without a token, or with
/// what their language prints for none.
///
/// Input: the value of the `Cookie` header (RFC 6265, section 4.2).
pub fn cookie(header: Option<&str>) -> Result<&str, AuthError> {
    let header = header.ok_or(AuthError::Missing)?;
    let mut named = header
        .split(';')
        .filter_map(|pair| pair.trim_matches(' ').split_once('='))
        .filter(|(name, _)| *name == "Authorization")
        .map(|(_, value)| value.trim_matches('"'))
        .filter(|value| !["", "None", "null", "undefined"].contains(value));
    match (named.next(), named.next()) {
        (Some(token), None) => checked(token),
        (None, _) => Err(AuthError::Missing),
        // Two of one name: whoever stands between may have read the other.
        _ => Err(AuthError::Malformed),
    }
}

/// A compact JWS has letters, digits, '-', '_' and dots only (RFC 7515, section 7.1).
fn checked(token: &str) -> Result<&str, AuthError> {
    let is_plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if token.is_empty() || token.len() > LONGEST_TOKEN || !is_plain { Err(AuthError::Malformed) } else { Ok(token) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_where_it_may_stand() {
        assert_eq!(bearer(Some("Bearer a.b.c")), Ok("a.b.c"));
        assert_eq!(bearer(Some("bearer  a.b.c ")), Ok("a.b.c"));
        assert_eq!(bearer(None), Err(AuthError::Missing));
        for bad in ["Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "a.b.c", "Bearer ä"] {
            assert_eq!(bearer(Some(bad)), Err(AuthError::Malformed), "{bad}");
        }
        assert!(bearer(Some(&format!("Bearer {}", "a".repeat(LONGEST_TOKEN + 1)))).is_err());
        assert_eq!(cookie(Some("x=1; Authorization=a.b.c; y=2")), Ok("a.b.c"));
        for none in ["x=1", "Authorization=", "Authorization=None", "Authorization=null; x=1"] {
            assert_eq!(cookie(Some(none)), Err(AuthError::Missing), "{none}");
        }
        assert_eq!(cookie(Some("Authorization=a; Authorization=b")), Err(AuthError::Malformed));
    }
}

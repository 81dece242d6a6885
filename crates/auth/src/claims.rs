//! The claims of a verified token, as a principal.

use std::collections::BTreeSet;

use km_domain::{Principal, Role, TenantId, Timestamp};
use serde_json::{Map, Value};

use crate::{AuthError, IssuerConfig, TenantSource};

/// Turns claims whose signature, issuer and audience were checked into a principal.
///
/// Errors: not valid at this moment; a claim that is not of its type; no tenant; a token of another kind.
pub(crate) fn principal(
    config: &IssuerConfig,
    claims: &Map<String, Value>,
    now: Timestamp,
) -> Result<Principal, AuthError> {
    // 1. Time (RFC 7519, sections 4.1.4 to 4.1.6).
    let leeway = i64::from(config.leeway_seconds);
    let expires = seconds(claims, "exp")?.ok_or(AuthError::Refused("it has no exp"))?;
    if expires.saturating_add(leeway) <= now.seconds() {
        return Err(AuthError::Expired);
    }
    for begin in ["nbf", "iat"] {
        if seconds(claims, begin)?.is_some_and(|begin| begin.saturating_sub(leeway) > now.seconds()) {
            return Err(AuthError::NotYetValid);
        }
    }
    // 2. An access token. Keycloak tells its kinds of token apart by this claim.
    if let Some(kind) = text(claims, "typ")?
        && !kind.eq_ignore_ascii_case("bearer")
    {
        return Err(AuthError::Refused("it is not an access token"));
    }
    // 3. Who, and what they may be.
    let role_names = role_names(&config.role_claim, claims)?;
    Ok(Principal {
        tenant: tenant(&config.tenant, claims)?,
        issuer: config.issuer.clone(),
        subject: subject(claims)?,
        username: text(claims, "preferred_username")?.map(str::to_owned),
        roles: role_names.iter().filter_map(|name| Role::from_name(name)).collect(),
        role_names,
        acr: text(claims, "acr")?.map(str::to_owned),
        authenticated_at: seconds(claims, "auth_time")?.map(Timestamp::from_seconds),
        expires: Timestamp::from_seconds(expires),
    })
}

/// OpenID Connect Core 1.0, section 2: at most 255 ASCII characters.
fn subject(claims: &Map<String, Value>) -> Result<String, AuthError> {
    let subject = text(claims, "sub")?.ok_or(AuthError::Refused("it has no sub"))?;
    let is_plain = !subject.is_empty() && subject.len() <= 255 && subject.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain { Ok(subject.to_owned()) } else { Err(AuthError::Malformed) }
}

fn tenant(source: &TenantSource, claims: &Map<String, Value>) -> Result<TenantId, AuthError> {
    match source {
        TenantSource::Fixed(tenant) => Ok(tenant.clone()),
        TenantSource::Claim(name) => {
            text(claims, name)?.and_then(|tenant| tenant.parse().ok()).ok_or(AuthError::NoTenant)
        }
    }
}

/// All roles. A token without the claim has none; a claim of another shape is malformed.
fn role_names(path: &str, claims: &Map<String, Value>) -> Result<BTreeSet<String>, AuthError> {
    let Some(found) = at_path(path, claims) else { return Ok(BTreeSet::new()) };
    let names = found.as_array().ok_or(AuthError::Malformed)?;
    names.iter().map(|name| name.as_str().map(str::to_owned).ok_or(AuthError::Malformed)).collect()
}

/// A claim by its name, which may itself contain dots, or by names joined with dots.
fn at_path<'a>(path: &str, claims: &'a Map<String, Value>) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        at_path(rest, claims.get(first)?.as_object()?)
    })
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, AuthError> {
    claims
        .get(name)
        .filter(|value| !value.is_null())
        .map(|value| value.as_str().ok_or(AuthError::Malformed))
        .transpose()
}

/// A NumericDate (RFC 7519, section 2); fractions are cut off.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, AuthError> {
    let Some(value) = claims.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let seconds = match (value.as_i64(), value.as_f64()) {
        (Some(whole), _) => whole,
        (None, Some(fraction)) if fraction.is_finite() => fraction as i64,
        _ => return Err(AuthError::Malformed),
    };
    // A time before 1970 or beyond the calendar is a mistake or an attack on arithmetic.
    if (0..=LATEST).contains(&seconds) { Ok(Some(seconds)) } else { Err(AuthError::Malformed) }
}

/// The end of the year 9999.
const LATEST: i64 = 253_402_300_799;

//! JSON bodies of the registry. A member that is named like a personal field is the worst mistake that a client can make,
//! so it has a problem of its own.

use km_service::{Problem, StrictJson, problem};

use super::{Rest, kinds};

/// The body, or what is wrong with it.
///
/// # Errors
/// As [`StrictJson`]; a personal field in clear as `personal-in-clear`.
pub fn read<T>(rest: &Rest, register: &str, body: Result<StrictJson<T>, Problem>) -> Result<T, Problem> {
    let fault = match body {
        Ok(StrictJson(body)) => return Ok(body),
        Err(fault) => fault,
    };
    let named = fault.field.as_deref().and_then(|field| field.rsplit('.').next());
    let definition = register.parse().ok().and_then(|register| rest.registry.definitions.find(&register));
    let is_personal = fault.kind == &problem::MALFORMED_BODY
        && named.zip(definition).is_some_and(|(name, definition)| definition.rules.personal_field(name).is_some());
    if !is_personal {
        return Err(fault);
    }
    let field = fault.field.unwrap_or_default();
    Err(Problem::new(&kinds::PERSONAL_IN_CLEAR).field(field, "is personal: it is accepted inside a JWE only"))
}

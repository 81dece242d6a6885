//! What is computed on a personal value: validate, normalise, generalise, mask, index inputs. Used in the key zone and
//! by clients only; nothing here is reached from the registry.
//!
//! A fault names the field and the rule, never the value. Values live in [`SecretValue`], which is wiped when dropped
//! and cannot be printed.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod birth_date;
mod digits;
mod from_text;
mod generalise;
mod index;
mod mask;
mod normalise;
mod phone;
mod secret_value;
mod validate;

pub use from_text::from_text;
pub use generalise::generalised;
pub use index::{IndexInput, index_inputs, index_inputs_of, matches_query, query_input};
pub use mask::mask;
pub use normalise::normalise;
pub use secret_value::{SecretValue, secret_json, wipe};
pub use validate::{Validated, validate};

/// Version of the normalisation; part of every index term. A change of [`normalise`] that gives any value another
/// normal form needs a new number and a recomputation of the terms.
pub const NORMALISER_VERSION: u32 = 1;

/// What is wrong with a field. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {field}: {rule}")]
pub struct FieldFault {
    pub field: String,
    pub rule: String,
}

impl FieldFault {
    pub(crate) fn new(field: &str, rule: impl Into<String>) -> Self {
        Self { field: field.to_owned(), rule: rule.into() }
    }
}

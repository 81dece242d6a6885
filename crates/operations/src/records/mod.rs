//! A personal value's life in the key zone: sealed, found, opened, rewrapped, erased.

mod digest;
mod erase;
mod incoming;
mod open;
mod receipts;
mod recompute;
mod request;
mod rewrap;
mod seal;
mod sealing;
mod settle;
mod terms;
mod versions;

pub use digest::{SealedField, SealedRecord};
pub use erase::{Erased, erase};
pub use open::{Answer, OpenOutcome, Opened, answer, open};
pub use receipts::receipts;
pub use recompute::{RecomputedTerms, recompute};
pub use rewrap::{IndexVersions, Status, rewrap_step, status, status_for};
pub use seal::{Item, Seal, SealResult, Sealed, Term, seal};
pub use settle::{Settled, Settlement, settle};
pub use terms::{Terms, terms};

use km_domain::register::Unique;

/// The word for a uniqueness rule on the wire.
pub const fn unique_name(unique: Unique) -> &'static str {
    match unique {
        Unique::No => "no",
        Unique::Warn => "warn",
        Unique::Refuse => "refuse",
    }
}

/// Why one record of a call was refused: a stable code, and for a value the field and the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub detail: String,
    pub field: Option<String>,
    pub rule: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, detail: &str) -> Self {
        Self { code, detail: detail.to_owned(), field: None, rule: None }
    }
}

//! Who may do what: one table of roles and actions, default deny; key policies; the closed list of purposes.

mod actions;
mod purpose;

pub use actions::{Action, Denied, authorise, authorise_key};
pub use purpose::{Purpose, PurposeRules, Stated, Unstated};

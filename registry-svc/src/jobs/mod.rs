//! What the registry does of its own accord: one file a job, which says when; what is done stands in `operations`.

pub mod certificate;
pub mod issuers;
pub mod recompute_terms;
pub mod settle;
pub mod witness;

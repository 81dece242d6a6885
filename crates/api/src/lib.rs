//! The bodies of our REST API as types, with their OpenAPI schemas: served by the services, sent by the programs.
//!
//! One file a noun. Requests refuse unknown members. Binary members are base64url text; times are RFC 3339 in UTC.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod batch;
pub mod certificates;
pub mod data_keys;
pub mod exports;
mod first_key;
pub mod keys;
pub mod log;
pub mod messages;
pub mod mosip;
pub mod mosip_trust;
pub mod problem;
pub mod random;
pub mod readers;
pub mod records;
pub mod registers;
pub mod rewrap;
pub mod tenants;

mod binary;

pub use batch::{MOST_ITEMS, OneOrMany, OneOrResults, Outcome};
pub use binary::{Base64Url, Plaintext};
pub use problem::Problem;
